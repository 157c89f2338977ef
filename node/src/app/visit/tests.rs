use guichet_keys::ServiceId;

use super::*;
use crate::clock;
use crate::web::view::{ServiceBrief, Words};

fn tag(number: u8) -> CaseTag {
    CaseTag::from([number; 16])
}

fn brief(number: u8, title: &str) -> CaseBrief {
    CaseBrief {
        case: tag(number),
        service: ServiceBrief {
            service: ServiceId::new("caf").expect("a short name"),
            name: Words::same("CAF"),
            named: Words::same("la CAF"),
            about: Words::same("Logement"),
            icon: "family".to_owned(),
        },
        title: Words::same(title),
        number: None,
    }
}

/// A visit with empty cases of these titles.
fn visit(titles: &[&str]) -> Visit<&'static str> {
    let mut visit = Visit::new(clock::now());
    for (number, title) in (1..).zip(titles) {
        let begun = visit.begin(brief(number, title), 0, vec!["author", "case"]);
        begun.expect("room");
        assert_eq!(visit.write(&tag(number), vec!["form"]), Written::Kept);
    }
    visit
}

fn numbers(visit: &Visit<&str>) -> Vec<Option<usize>> {
    visit.cases().iter().map(|case| case.number).collect()
}

#[test]
fn a_case_leaves_with_the_first_thing_that_is_written_in_it() {
    let mut visit = visit(&["housing"]);
    let all = vec!["author", "case", "form", "name"];
    assert_eq!(
        visit.write(&tag(1), vec!["name"]),
        Written::WithOpening(all)
    );
    assert_eq!(
        visit.write(&tag(1), vec!["rent"]),
        Written::Alone(vec!["rent"])
    );
    assert_eq!(visit.give_back(&tag(1)), Err(NotEmpty));
    visit.saved(&tag(1));
    visit.failed(&tag(1));
    assert_eq!(visit.write(&tag(1), vec!["x"]), Written::Alone(vec!["x"]));
}

#[test]
fn what_the_disk_did_not_take_goes_with_the_next() {
    let mut visit = visit(&["housing"]);
    visit.write(&tag(1), vec!["name"]);
    visit.failed(&tag(1));
    let all = vec!["author", "case", "form", "rent"];
    assert_eq!(
        visit.write(&tag(1), vec!["rent"]),
        Written::WithOpening(all)
    );
}

#[test]
fn an_adviser_may_see_an_empty_case_once_it_is_asked_for() {
    let mut visit = visit(&["housing"]);
    let opening = Some(vec!["author", "case", "form"]);
    assert_eq!(visit.let_leave(&tag(1)), opening);
    assert_eq!(visit.let_leave(&tag(1)), None);
    assert_eq!(visit.let_leave(&tag(9)), None);
    assert_eq!(visit.give_back(&tag(1)), Err(NotEmpty));
}

#[test]
fn an_empty_case_is_given_back_and_the_visit_stays() {
    let mut visit = visit(&["housing", "housing"]);
    assert_eq!(visit.give_back(&tag(1)), Ok(()));
    assert_eq!(visit.give_back(&tag(1)), Err(NotEmpty));
    assert_eq!(visit.give_back(&tag(2)), Ok(()));
    assert!(visit.cases().is_empty() && visit.is_open());
    assert!(visit.ends_after(Duration::from_secs(1)).is_some());
}

#[test]
fn a_case_that_is_just_beginning_is_nowhere_and_opens_nothing() {
    let mut visit = Visit::new(clock::now());
    let begun = visit.begin(brief(1, "housing"), 0, vec!["case"]);
    begun.expect("room");
    assert!(visit.cases().is_empty() && !visit.is_open());
    assert_eq!(visit.case(&tag(1)), None);
    assert_eq!(visit.ends_after(Duration::ZERO), None);
    assert_eq!(visit.into_tags().collect::<Vec<_>>(), [tag(1)]);
}

#[test]
fn cases_of_one_title_are_numbered_and_keep_their_numbers() {
    let mut visit = visit(&["housing", "voucher"]);
    assert_eq!(numbers(&visit), [None, None]);
    visit.begin(brief(3, "housing"), 0, vec![]).expect("room");
    visit.write(&tag(3), vec!["form"]);
    assert_eq!(numbers(&visit), [Some(1), None, Some(2)]);
    visit.give_back(&tag(1)).expect("empty");
    assert_eq!(numbers(&visit), [None, Some(2)]);
    visit.begin(brief(4, "housing"), 0, vec![]).expect("room");
    visit.write(&tag(4), vec!["form"]);
    assert_eq!(numbers(&visit), [None, Some(2), Some(3)]);
}

#[test]
fn what_the_end_would_drop_is_named() {
    let mut visit = visit(&["housing", "voucher"]);
    visit.write(&tag(1), vec!["name"]);
    visit.typed(&tag(1), "Bonjour".to_owned());
    visit.typed(&tag(2), " \n".to_owned());
    let (housing, voucher) = (brief(1, "housing"), brief(2, "voucher"));
    let loose = [Loose::Message(&housing, "Bonjour"), Loose::Empty(&voucher)];
    assert_eq!(visit.loose().collect::<Vec<_>>(), loose);
    visit.typed(&tag(1), String::new());
    assert_eq!(visit.loose().collect::<Vec<_>>(), [loose[1]]);
}

#[test]
fn a_visit_is_bounded() {
    let mut visit = visit(&["housing"; CASES_MAX]);
    assert_eq!(visit.begin(brief(99, "housing"), 0, vec![]), Err(Full));
    assert_eq!(visit.cases().len(), CASES_MAX);
}
