//! Every address at which there is something to look at.

use guichet_keys::{CaseTag, Role};

use super::{CASE, DOCUMENT, Scene};

/// A document of which nothing but previews has come.
const COMING: [u8; 16] = [0xd3; 16];

/// The paths of a role's pages, with what their queries choose. A document is looked at closely in
/// one scene only, since it is the same in all.
pub fn paths(role: Role, scene: Scene) -> Vec<String> {
    let case = format!("/cases/{}", CaseTag::from(CASE));
    let document = format!("?document={}", hex(DOCUMENT));
    let of_case = |rest: &str| format!("{case}{rest}");
    let papers = [of_case(""), of_case("/sheets")];
    let looks = [
        of_case(&format!("{document}&page=2&zoom=2")),
        of_case(&format!("{document}&page=1&zoom=3&turns=1")),
        of_case(&format!("?document={}", hex(COMING))),
        of_case(&format!("/sheets?sheet={}", "02".repeat(8))),
        of_case(&format!("/documents/{}/paper", hex(DOCUMENT))),
    ];
    let looks = looks.into_iter().filter(|_| scene == Scene::Visit);
    let lost = ["/nowhere".to_owned()];
    let own: &[&str] = match role {
        Role::Kiosk => &[
            "/",
            "/?ended=1",
            "/services/caf",
            "/services/energie",
            "/visit",
            "/receipt",
            "/status",
        ],
        Role::Station => &["/unlock", "/desk", "/desk?search=Vidal", "/status"],
        Role::Relay => &["/status"],
        Role::Operator | Role::Steward | Role::Registrar | Role::Agent => &[],
    };
    let own = own.iter().map(|path| (*path).to_owned());
    let history = (role == Role::Station).then(|| of_case("/history"));
    let counter = matches!(role, Role::Kiosk | Role::Station);
    let papers = papers.into_iter().chain(looks).filter(|_| counter);
    own.chain(papers).chain(history).chain(lost).collect()
}

fn hex(bytes: [u8; 16]) -> String {
    data_encoding::HEXLOWER.encode(&bytes)
}
