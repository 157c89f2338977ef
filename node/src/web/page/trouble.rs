//! What went wrong: what happened, what is safe, what to do.

use guichet_keys::Role;
use maud::{Markup, html};

use super::{Fit, Frame, brand, document, icon};
use crate::web::problem::Problem;
use crate::web::scope::Scope;

pub(in crate::web) fn draw(problem: &Problem, frame: &Frame) -> Markup {
    let t = frame.lang();
    let told = problem.told(t);
    let stranger = matches!(
        problem,
        Problem::NoSession | Problem::UsedStart | Problem::Foreign
    );
    let home = match frame.role {
        Role::Station => "/desk",
        Role::Relay => "/status",
        Role::Kiosk | Role::Operator | Role::Steward | Role::Registrar | Role::Agent => "/",
    };
    let body = html! {
        header.bar { (brand(None, t)) }
        main #main.plain.plain--narrow data-unlive {
            div.door {
                span.door__lock { (icon("info")) }
                div {
                    h1 { (told.what) }
                    @if !told.todo.is_empty() { p { (told.todo) } }
                }
            }
            @if !stranger {
                p.notice.ok { (icon("check")) b { (t.error_safe()) } }
                div.row { a.btn.btn--main href=(home) { (icon("home")) (t.to_home()) } }
            }
        }
    };
    let mut frame = frame.clone();
    if Scope::read(frame.role, &frame.path).is_none() {
        // Nothing will change at an address without a page; without a token no news are asked for.
        frame.page_token.clear();
    }
    document(&frame, &told.what, Fit::Flow, ("main", &told.what), body)
}
