//! How a page is made like its news, in a real browser: whatever stood there, it ends as drawn, and
//! what the page holds by itself (a kept element, one with an id, the focus) is never lost.

use guichet_tests::browser::{Browser, Size};
use guichet_tests::network::Place;
use serde_json::{Value, json};

const MORPH: &str = include_str!("../../node/src/web/assets/morph.js");

/// Every sequence of up to three of these becomes every other: what is told of the page, the
/// page's own place for words and for uploads, buttons, an item with an id, and words alone.
const EVERY_SHAPE: &str = "
    const { morph, parse } = window.morphing;
    const kinds = [
        '<p class=\"error\" role=\"alert\">told</p>', '<p class=\"error\" data-keep hidden></p>',
        '<div class=\"say\"><form><button>one</button></form></div>', '<div class=\"news\" data-keep></div>',
        '<div class=\"say\"><form class=\"other\"><button>two</button></form></div>',
        '<li id=\"a\" class=\"is-now\">a</li>', '<li id=\"b\" class=\"is-other\">b</li>', 'words',
    ];
    const shapes = [[]];
    for (let at = 0; shapes[at].length < 3; at += 1) {
        kinds.forEach((_, kind) => {
            const twice = shapes[at].includes(kind) && (kind === 1 || kind === 3 || kind === 5 || kind === 6);
            const besideWords = kind === 7 && shapes[at].at(-1) === 7;
            if (!twice && !besideWords) shapes.push([...shapes[at], kind]);
        });
        if (at + 1 === shapes.length) break;
    }
    const drawn = (shape) => parse(`<section id=\"whole\">${shape.map((kind) => kinds[kind]).join('')}</section>`);
    const faults = [];
    for (const from of shapes) for (const to of shapes) {
        const [now, next] = [drawn(from), drawn(to)];
        document.body.replaceChildren(now);
        const held = new Map([...now.children].filter((it) => it.id || it.dataset.keep !== undefined)
            .map((it) => [it.id || it.className, it]));
        for (const it of held.values()) if (!it.id) it.textContent = 'said by the page';
        const expected = next.cloneNode(true);
        for (const it of expected.querySelectorAll(':scope > [data-keep]')) {
            if (held.has(it.className)) it.textContent = 'said by the page';
        }
        morph(now, next);
        const kept = [...now.children].every((it) => {
            const before = held.get(it.id || it.className);
            return before === undefined || before === it || it.dataset.keep === undefined && !it.id;
        });
        if (now.outerHTML !== expected.outerHTML || !kept) faults.push(`${from} -> ${to}: ${now.innerHTML}`);
    }
    return { pairs: shapes.length ** 2, faults: faults.slice(0, 5) };
";

/// A list whose items have ids takes every order, and the one that has the focus keeps it.
const EVERY_ORDER: &str = "
    const { morph, parse } = window.morphing;
    const orders = ([first, ...rest]) => first === undefined ? [[]]
        : orders(rest).flatMap((order) => [...order, null].map((_, at) => order.toSpliced(at, 0, first)));
    const drawn = (order) => parse(`<ol>${order.map((it) => `<li id=i${it}><a href=\"#\">${it}</a></li>`).join('')}</ol>`);
    const all = orders([1, 2, 3, 4]);
    const faults = [];
    for (const without of arguments[0]) for (const to of all) for (const focused of [1, 2, 3, 4]) {
        const now = drawn([1, 2, 3, 4]);
        document.body.replaceChildren(now);
        if (without) now.moveBefore = undefined;
        const link = now.querySelector(`#i${focused} a`);
        link.focus();
        morph(now, drawn(to));
        const order = [...now.children].map((it) => Number(it.textContent));
        if (`${order}` !== `${to}` || document.activeElement !== link) faults.push([without, to, focused, order].join(' '));
    }
    return { runs: all.length * 8, faults };
";

/// Two long lists that have nothing in common but one item and one place of the page's own.
const LONG: &str = "
    const { morph, parse, TABLE_MAX } = window.morphing;
    const many = Math.ceil(Math.sqrt(TABLE_MAX)) + 1;
    const list = (kind) => parse(`<div>${`<p class=${kind}></p>`.repeat(many)}<b id=one></b>`
        + `${`<i class=${kind}></i>`.repeat(many)}<s data-keep></s><u class=${kind}></u></div>`);
    const now = list('old');
    document.body.replaceChildren(now);
    const [one, own] = [now.querySelector('#one'), now.querySelector('s')];
    const begun = performance.now();
    morph(now, list('new'));
    const whole = now.outerHTML === list('new').outerHTML;
    const same = now.querySelector('#one') === one && now.querySelector('s') === own;
    return { whole, same, ms: performance.now() - begun };
";

#[tokio::test(flavor = "multi_thread")]
async fn a_page_becomes_its_news_and_keeps_what_is_its_own() {
    let here = Place::here();
    let page = Browser::start(&here, "morph", Size::SMALL).await.unwrap();
    page.open("about:blank").await.unwrap();
    let module = MORPH.replace("export ", "");
    let load = format!("{module}\nwindow.morphing = {{ morph, parse, TABLE_MAX }};");
    page.run(&load, &json!([])).await.unwrap();

    let told = page.run(EVERY_SHAPE, &json!([])).await.unwrap();
    assert_eq!(told["faults"], json!([]), "{told}");
    assert!(told["pairs"].as_u64().unwrap() > 100_000, "{told}");

    let told = page.run(EVERY_ORDER, &json!([[false, true]])).await;
    let told = told.unwrap();
    assert_eq!(told["faults"], json!([]), "{told}");

    let told = page.run(LONG, &json!([])).await.unwrap();
    assert_eq!(
        (&told["whole"], &told["same"]),
        (&json!(true), &json!(true))
    );
    let took: Option<f64> = Value::as_f64(&told["ms"]);
    assert!(took.unwrap() < 5_000.0, "{told}");
}
