//! Pages of the shapes that are found on servers, each with what a user does on it.

use super::page::Route;
use super::*;

fn page(html: &str) -> Page {
    Page::read(
        "https://idp.example/login",
        &Answer::of(200, &[("content-type", "text/html")], html),
        &Route::default(),
    )
}

fn forms() -> Forms {
    Forms::new().user("alice", "canary-password").second_user("bob", "canary-second")
}

/// What the first user sends from a page.
fn sent(forms: &Forms, html: &str) -> String {
    let submission = forms.fill(&page(html), Who::First).expect("a form");
    format!("{} {}", submission.visit().url.trim_start_matches("https://idp.example"), submission.params().encode())
}

fn reason(forms: &Forms, html: &str) -> String {
    forms.fill(&page(html), Who::First).expect_err("not understood").to_string()
}

/// A development server: one form with a hidden prompt, the name called `login`, and a link that aborts.
const DEVELOPMENT_LOGIN: &str = r#"<h1>Sign-in</h1><form autocomplete="off" action="/interaction/x1/login" method="post">
    <input type="hidden" name="prompt" value="login"/>
    <input required type="text" name="login" placeholder="Enter any login" autofocus="on">
    <input required type="password" name="password" placeholder="and password">
    <button type="submit" class="login">Sign-in</button></form>
    <div><a href="/interaction/x1/abort">[ Cancel ]</a></div>"#;

/// Its consent: nothing but a hidden prompt and a button.
const DEVELOPMENT_CONSENT: &str = r#"<h1>Authorize</h1><ul><li>openid</li></ul>
    <form autocomplete="off" action="/interaction/x1/confirm" method="post">
    <input type="hidden" name="prompt" value="consent"/>
    <button autofocus type="submit" class="login">Continue</button></form>"#;

/// An identity server of an enterprise: a table of social logins, a hidden field after the password, an input as the
/// button, and a button that shows the password.
const ENTERPRISE_LOGIN: &str = r#"<form id="locale" action="/locale"><select name="l"><option>de<option>en</select></form>
    <form id="kc-form-login" onsubmit="login.disabled = true; return true;" method="post"
    action="https://idp.example/realms/r/login-actions/authenticate?session_code=s&amp;execution=e&amp;tab_id=t">
    <label for="username">Username or email</label>
    <input tabindex="2" id="username" name="username" value="" type="text" autofocus autocomplete="username"/>
    <label for="password">Password</label>
    <input tabindex="3" id="password" name="password" type="password" autocomplete="current-password"/>
    <button type="button" aria-label="Show password"></button>
    <input tabindex="5" id="rememberMe" name="rememberMe" type="checkbox"> <label>Remember me</label>
    <input type="hidden" id="id-hidden-input" name="credentialId"/>
    <input tabindex="7" name="login" id="kc-login" type="submit" value="Sign In"/></form>"#;

/// Its consent, with the refusal beside the agreement.
const ENTERPRISE_CONSENT: &str = r#"<form action="/realms/r/login-actions/consent?client_id=app" method="POST">
    <input type="hidden" name="code" value="c1">
    <input name="cancel" id="kc-cancel" type="submit" value="No"/>
    <input name="accept" id="kc-login" type="submit" value="Yes"/></form>"#;

/// A broker: the field is called `login`, and there is no type on the button.
const BROKER_LOGIN: &str = r#"<form method="post" action="/dex/auth/local/login?back=&amp;state=s1">
    <div><label for="userid">Email Address</label></div>
    <input tabindex="1" required id="login" name="login" type="text" placeholder="email address"/>
    <div><label for="password">Password</label></div>
    <input tabindex="2" required id="password" name="password" type="password" placeholder="password"/>
    <button tabindex="3" id="submit-login" type="submit">Login</button></form>"#;

/// Its approval: two forms that differ in a hidden field.
const BROKER_APPROVAL: &str = r#"<form method="post"><input type="hidden" name="req" value="r1"/>
    <input type="hidden" name="approval" value="rejected"><button type="submit">Cancel</button></form>
    <form method="post"><input type="hidden" name="req" value="r1"/>
    <input type="hidden" name="approval" value="approve">
    <button type="submit"><span>Grant Access</span></button></form>"#;

/// A mock server: any name will do, and claims may be written into a box.
const MOCK_LOGIN: &str = r#"<form id="login" method="post"><input type="text" required name="username"
    placeholder="Enter any user/subject"/><textarea name="claims" placeholder="Optional claims JSON"></textarea>
    <input type="submit" value="Sign-in"></form>"#;

#[test]
fn a_development_server_is_logged_in_at_and_agreed_with() {
    let login = sent(&forms(), DEVELOPMENT_LOGIN);
    assert_eq!(login, "/interaction/x1/login prompt=login&login=alice&password=canary-password");
    assert_eq!(sent(&forms(), DEVELOPMENT_CONSENT), "/interaction/x1/confirm prompt=consent");
}

#[test]
fn an_enterprise_server_is_logged_in_at_and_agreed_with() {
    let login = sent(&forms(), ENTERPRISE_LOGIN);
    let fields = "username=alice&password=canary-password&credentialId=&login=Sign%20In";
    let query = "session_code=s&execution=e&tab_id=t";
    assert_eq!(login, format!("/realms/r/login-actions/authenticate?{query} {fields}"));
    let consent = sent(&forms(), ENTERPRISE_CONSENT);
    assert_eq!(consent, "/realms/r/login-actions/consent?client_id=app code=c1&accept=Yes");
}

#[test]
fn a_broker_is_logged_in_at_and_agreed_with() {
    let login = sent(&forms(), BROKER_LOGIN);
    assert_eq!(login, "/dex/auth/local/login?back=&state=s1 login=alice&password=canary-password");
    assert_eq!(sent(&forms(), BROKER_APPROVAL), "/login req=r1&approval=approve");
}

#[test]
fn a_server_that_asks_for_a_name_alone_is_logged_in_at() {
    assert_eq!(sent(&forms(), MOCK_LOGIN), "/login username=alice&claims=");
}

#[test]
fn the_second_user_is_logged_in_with_their_own_password() {
    let submission = forms().fill(&page(BROKER_LOGIN), Who::Second).expect("a form");
    assert_eq!(submission.params().encode(), "login=bob&password=canary-second");
}

#[test]
fn name_and_password_may_be_asked_for_one_after_the_other() {
    let first = "<form method=post action=/id><input type=email name=identifier><button>Next</button></form>";
    assert_eq!(sent(&forms(), first), "/id identifier=alice");
    let second = "<form method=post action=/pw><input type=hidden name=identifier value=alice>\
                  <input name=Passwd type=password><button name=op value=go>Next</button></form>";
    assert_eq!(sent(&forms(), second), "/pw identifier=alice&Passwd=canary-password&op=go");
}

#[test]
fn a_field_is_found_by_its_label_or_by_standing_before_the_password() {
    let labelled = "<form><label for=f1>Your e-mail address</label><input id=f1 name=x1>\
                    <input name=x2 type=password></form>";
    assert_eq!(sent(&forms(), labelled), "/login?x1=alice&x2=canary-password x1=alice&x2=canary-password");
    let bare =
        "<form method=post><input name=x0 value=kept type=hidden><input name=x1><input name=x2 type=password></form>";
    assert_eq!(sent(&forms(), bare), "/login x0=kept&x1=alice&x2=canary-password");
}

#[test]
fn a_password_is_not_entered_where_one_is_made_up() {
    let html = "<form action=/register><input name=email><input type=password name=p autocomplete=new-password></form>\
                <form method=post action=/in><input name=user><input type=password name=p></form>";
    assert_eq!(sent(&forms(), html), "/in user=alice&p=canary-password");
}

#[test]
fn selectors_say_what_no_word_does() {
    let html = "<form method=post><input class=a name=x1><input name=x2 class=b><input name=x3 value=9>\
                <button name=go value=0>Foo</button><button name=go value=1 class=c>Bar</button></form>";
    let told = forms().name_field(".a").password_field(".b").press("button.c");
    assert_eq!(sent(&told, html), "/login x1=alice&x2=canary-password&x3=9&go=1");
    assert!(reason(&forms().name_field("<"), html).contains("\"<\" is no selector"));
}

#[test]
fn a_link_is_followed_if_a_selector_says_so() {
    let html =
        "<a href='/auth/ldap?req=1'>Log in with LDAP</a><a id=mail href='/auth/local?req=1'>Log in by mail</a>";
    let told = forms().press("#mail");
    assert!(told.presses(&page(html)) && !forms().presses(&page(html)));
    assert_eq!(sent(&told, html), "/auth/local?req=1 req=1");
}

#[test]
fn the_button_that_agrees_is_pressed_whichever_comes_first() {
    for (no, yes) in
        [("Deny", "Allow"), ("Do not agree", "Agree"), ("Cancel", "Authorize app"), ("No, go back", "OK")]
    {
        for labels in [[no, yes], [yes, no]] {
            let buttons =
                labels.map(|label| format!("<button name=d value='{}'>{label}</button>", u8::from(label == yes)));
            let html = format!("<form method=post>{}</form>", buttons.concat());
            assert_eq!(sent(&forms(), &html), "/login d=1", "{labels:?}");
        }
    }
    let foreign = "<form method=post><button name=action value=deny>Nein</button>\
                   <button name=action value=allow>Gern</button></form>";
    assert_eq!(sent(&forms(), foreign), "/login action=allow");
}

#[test]
fn whoever_declines_presses_the_other_button() {
    let declined = forms().decline(&page(ENTERPRISE_CONSENT), Who::First).expect("a form");
    assert_eq!(declined.params().encode(), "code=c1&cancel=No");
    let error = forms().decline(&page(DEVELOPMENT_CONSENT), Who::First).expect_err("no such button");
    assert!(error.to_string().contains("has no button that is known to decline"));
}

#[test]
fn whoever_leaves_presses_the_button_that_says_so_or_the_one_that_agrees() {
    for labels in [
        ["Log out", "Stay logged in"],
        ["Cancel", "Log out"],
        ["Do not log out", "Yes, log out"],
        ["No, stay signed in", "Yes, sign me out"],
        ["Continue to the application", "Logout"],
    ] {
        let out = |label: &str| label.contains("Log") && label != "Do not log out" || label.starts_with("Yes");
        let buttons = labels.map(|label| format!("<button name=out value='{}'>{label}</button>", out(label)));
        let html = format!("<form method=post>{}</form>", buttons.concat());
        let left = forms().leave(&page(&html), Who::First).expect("a form");
        assert_eq!(left.params().encode(), "out=true", "{labels:?}");
    }
}

#[test]
fn the_account_with_the_name_of_the_user_is_chosen_or_another_one() {
    let accounts = |names: [&str; 2]| {
        let buttons = names.map(|name| format!("<button name=s value={}>{name}</button>", name.len()));
        format!("<form method=post>{}<button name=s value=other>Another account</button></form>", buttons.concat())
    };
    assert_eq!(sent(&forms(), &accounts(["Bob bob", "Alice alice"])), "/login s=11");
    assert_eq!(sent(&forms(), &accounts(["Bob", "Malice"])), "/login s=other");
}

#[test]
fn the_form_with_the_name_of_the_user_is_sent_or_that_of_the_one_who_agrees() {
    let form = |to: &str, label: &str| format!("<form method=post action=/{to}><button>{label}</button></form>");
    let users =
        [form("new", "Register"), form("1", "Bob"), form("2", "Alice"), form("other", "Another user")].concat();
    assert_eq!(sent(&forms(), &users), "/2 ");
    let second = forms().fill(&page(&users), Who::Second).expect("a form");
    assert_eq!(second.visit().url, "https://idp.example/1");
    let strangers = [form("1", "Carol"), form("other", "Another user")].concat();
    assert_eq!(sent(&forms(), &strangers), "/other ");
    // What says more plainly that somebody agrees comes first, on whichever form it is.
    let consent = [form("log-in", "Log in"), form("allow", "Allow"), form("deny", "Deny")].concat();
    assert_eq!(sent(&forms(), &consent), "/allow ");
}

#[test]
fn the_user_is_chosen_from_a_list_and_what_is_required_is_ticked() {
    let html = "<form method=post><select name=user><option value=1>Bob<option value=2>Alice</select>\
                <input type=checkbox name=terms required><input type=checkbox name=news><button>Approve</button></form>";
    assert_eq!(sent(&forms(), html), "/login user=2&terms=on");
}

#[test]
fn a_page_that_is_not_understood_is_told_without_its_values() {
    let html = "<title>Choose a colour</title><form method=post action='/colour?key=canary-1'>\
                <input type=hidden name=csrf value=canary-2><button>Red</button><button>Blue</button></form>";
    let told = reason(&forms(), html);
    assert_eq!(
        told,
        "the page idp.example/login “Choose a colour” has no button that is known to agree; its forms: POST /colour \
         with csrf (hidden) and “Red”, “Blue”"
    );
    let nobody = reason(&Forms::new(), ENTERPRISE_LOGIN);
    assert!(nobody.contains("asks who logs in, and no user is known"), "{nobody}");
    let upload = "<form method=post enctype='multipart/form-data'><button>OK</button></form>";
    assert!(reason(&forms(), upload).contains("sends its form as multipart/form-data"));
}

#[test]
fn nothing_shows_a_password() {
    let forms = forms();
    let submission = forms.fill(&page(BROKER_LOGIN), Who::First).expect("a form");
    assert!(!format!("{forms:?}{submission:?}").contains("canary"));
}
