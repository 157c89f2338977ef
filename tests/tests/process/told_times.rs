//! A kiosk that tells times that cannot be: they are shown as such, and no page is lost for it.

use std::time::{SystemTime, UNIX_EPOCH};

use guichet::folder;
use guichet_keys::{
    AuthorBinding, AuthorId, CaseKeys, CaseTag, ServiceKey, SignedStatement, Statement,
};
use guichet_tests::script::Script;
use guichet_tests::village::Village;
use guichet_tests::visit::{Visit, receipt_says, unlocked};

const SERVICE: &str = "caf";
/// The greatest time that a statement may tell.
const TIME_S_MAX: u64 = 1 << 40;

/// What the kiosk signs: a case of its own that was opened at this time.
fn statements(of: &folder::Opened, number: u8, at_s: u64) -> [SignedStatement; 2] {
    let is_key = |signed: &SignedStatement| {
        let Statement::ServiceKey(key) = signed.statement() else {
            return None;
        };
        (key.service.to_string() == SERVICE).then(|| key.clone())
    };
    let key: ServiceKey = of.seed.iter().find_map(is_key).unwrap();
    let (case, author) = (CaseTag::from([number; 16]), AuthorId::from([number; 16]));
    let (case, _) = CaseKeys::create(case, author, &key, &[number; 32]).unwrap();
    let binding = AuthorBinding {
        author,
        node: of.identity.key.subject(),
        person: None,
        case: Some(case.case),
    };
    [Statement::Author(binding), Statement::Case(case)]
        .map(|statement| SignedStatement::sign(&of.identity.key, 1, at_s, &statement).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn times_that_cannot_be_cost_no_page_and_stand_on_top_of_nothing() {
    let mut village = Village::new("told-times", 1, 1).unwrap();
    let now_s = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs();
    let told = [
        // The greatest that is read at all, the end of the calendar's years of four digits, ten
        // years from now, and none.
        TIME_S_MAX,
        253_402_300_799,
        now_s + 10 * 365 * 86_400,
        0,
    ];
    let dir = village.kiosks[0].folder().to_path_buf();
    {
        let kiosk = folder::open(&dir, None).unwrap();
        let mut seed = kiosk.seed.clone();
        seed.extend(
            (1..)
                .zip(told)
                .flat_map(|(n, at_s)| statements(&kiosk, n, at_s)),
        );
        folder::write_seed(&dir, &seed).unwrap();
    }
    village.start().await.unwrap();
    let desk = unlocked(&village).await.unwrap();
    let all = |count: usize| move |cases: &Vec<String>| cases.len() == count;
    desk.until("the hostile cases", Script::desk, all(told.len()))
        .await
        .unwrap();

    let kiosk = village.kiosks[0].script().unwrap();
    let visit = Visit::at(&kiosk).await.unwrap();
    receipt_says(&kiosk, "received").await.unwrap();
    let cases = desk
        .until("the visit's case", Script::desk, all(told.len() + 1))
        .await
        .unwrap();
    assert_eq!(cases[0], visit.case, "what arrived last is on top");

    let view = desk.api().get_json("/desk").await.unwrap();
    for row in &view["cases"].as_array().unwrap()[1..] {
        assert!(row["changed_at_s"].is_null(), "{row}");
    }
    assert!(view["cases"][0]["changed_at_s"].is_u64(), "{view}");
    let page = desk.api().clone().with_header("Accept", "text/html");
    let shown = page.get("/desk").await.unwrap();
    assert_eq!(shown.status, 200);
    let uncertain = shown.text().matches("date incertaine").count();
    assert_eq!(uncertain, told.len(), "{}", shown.text());
    for case in &cases {
        for path in [format!("/cases/{case}"), format!("/cases/{case}/history")] {
            let shown = page.get(&path).await.unwrap();
            assert_eq!(shown.status, 200, "{path}: {}", shown.text());
            let hostile = *case != visit.case;
            assert_eq!(shown.text().contains("date incertaine"), hostile, "{path}");
        }
        desk.case(case).await.unwrap();
    }
}
