//! A page, read as a browser reads it: its title, its forms, and where it leads by itself.

use std::fmt;

use oauth_types::Secret;
use scraper::{Html, Selector};
use url::Url;

use super::form::Form;
use super::reading::{Reader, base_of, joined};
use crate::agent::place_of;
use crate::answer::Answer;
use crate::browser::Visit;

/// A page that waits for the user.
#[derive(Clone)]
pub struct Page {
    pub(super) url: String,
    pub(super) title: String,
    pub(super) forms: Vec<Form>,
    /// Its links, as forms with one button each: they are followed only if a selector says so.
    pub(super) links: Vec<Form>,
    pub(super) refresh: Option<String>,
    /// The form that the page sends by a script, if there is just one that can be meant.
    pub(super) sends_itself: Option<usize>,
    /// Whether it holds nothing before a script has drawn it: what the server has written itself has a heading.
    pub(super) is_drawn: bool,
    fetched: Vec<String>,
    pub(super) route: Route,
    html: Secret,
    answer: Answer,
}

/// On which way a page was reached: what belongs to the server, and what to the client.
#[derive(Debug, Clone, Default)]
pub(super) struct Route {
    /// The origins of the server's own pages.
    pub(super) own: Vec<String>,
    /// Where the request asks to be sent back to.
    pub(super) back: Vec<String>,
}

impl Route {
    /// The way of an authorization request.
    pub(super) fn of(visit: &Visit, also: &[String]) -> Self {
        let form = visit.form.iter().flat_map(|form| form.iter());
        let url = Url::parse(&visit.url).ok();
        let query = url.iter().flat_map(Url::query_pairs);
        let asked = form.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let asked = asked.chain(query.map(|(name, value)| (name.into_owned(), value.into_owned())));
        let back = asked.filter(|(name, value)| name == "redirect_uri" && !value.is_empty()).map(|(_, value)| value);
        let own = url.iter().map(|url| url.origin().ascii_serialization()).chain(also.iter().cloned());
        Self { back: back.collect(), own: own.collect() }
    }

    /// Whether this address is no page of the server's own.
    pub(super) fn leaves(&self, url: &str) -> bool {
        if self.back.iter().any(|back| url.starts_with(back.as_str())) {
            return true;
        }
        let origin = Url::parse(url).map(|url| url.origin().ascii_serialization());
        !origin.is_ok_and(|origin| self.own.contains(&origin))
    }
}

impl Page {
    /// Reads the page that is in an answer.
    pub(super) fn read(url: &str, answer: &Answer, route: &Route) -> Self {
        let document = Html::parse_document(&answer.body);
        let base = base_of(url, &document);
        let mut reader = Reader { base, ..Reader::default() };
        for (at, element) in document.root_element().descendent_elements().enumerate() {
            reader.take(at, element);
        }
        let mut forms = reader.forms;
        for field in forms.iter_mut().flat_map(|form| &mut form.fields) {
            if let Some(label) = reader.labels.get(&field.id).filter(|_| !field.id.is_empty()) {
                field.label = joined([label, &field.label]);
            }
        }
        // One form, or the only one without anything to be seen.
        let hidden: Vec<_> = (0..forms.len()).filter(|at| forms[*at].is_hidden()).collect();
        let sends_itself = hidden.first().copied().filter(|_| reader.submits && hidden.len() == 1);
        Self {
            url: url.to_owned(),
            title: reader.title,
            forms,
            links: reader.links,
            refresh: reader.refresh,
            sends_itself,
            is_drawn: reader.has_scripts && !reader.has_heading,
            fetched: reader.fetched,
            route: route.clone(),
            html: answer.body.as_str().into(),
            answer: answer.clone(),
        }
    }

    /// Its address.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its title.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// Its forms, in order.
    pub fn forms(&self) -> &[Form] {
        &self.forms
    }

    /// The origins other than its own from which the browser fetches something for it.
    pub fn foreign_origins(&self) -> Vec<String> {
        let origin = |url: &str| Url::parse(url).ok().map(|url| url.origin());
        let own = origin(&self.url);
        let fetched = self.fetched.iter().filter_map(|url| origin(url)).filter(|other| other.is_tuple());
        fetched.filter(|other| Some(other) != own.as_ref()).map(|other| other.ascii_serialization()).collect()
    }

    /// The answer it came in.
    pub fn answer(&self) -> &Answer {
        &self.answer
    }

    /// Whether somebody logs in here: it asks for a password, or for a name.
    pub fn asks_who(&self) -> bool {
        self.forms.iter().any(|form| form.password().is_some() || super::filling::name_field(form).is_some())
    }

    /// Whether it is the same page as another, for somebody else or at another time: it has the same title, and asks for
    /// the same.
    pub(crate) fn looks_like(&self, other: &Self) -> bool {
        let fields = |page: &Self| -> Vec<(String, String)> {
            let fields = page.forms.iter().flat_map(|form| &form.fields);
            fields.map(|field| (field.name.clone(), field.kind.clone())).collect()
        };
        self.title == other.title && fields(self) == fields(other)
    }

    /// Whether it asks for a password.
    pub(super) fn asks_for_password(&self) -> bool {
        self.forms.iter().any(|form| form.password().is_some())
    }

    /// The elements that a CSS selector matches, by their number.
    pub(super) fn matched(&self, css: &str) -> Result<Vec<usize>, String> {
        let selector = Selector::parse(css).map_err(|error| format!("{css:?} is no selector: {error}"))?;
        let document = Html::parse_document(self.html.expose());
        let elements = document.root_element().descendent_elements().enumerate();
        Ok(elements.filter(|(_, element)| selector.matches(element)).map(|(at, _)| at).collect())
    }

    /// Its address without the query.
    pub(super) fn place(&self) -> String {
        place_of(&self.url)
    }
}

/// Its title and its forms, and no value of any field.
impl fmt::Debug for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = self.place();
        f.debug_struct("Page").field("place", &place).field("title", &self.title).field("forms", &self.forms).finish()
    }
}

/// The forms in an answer that is a page.
pub(crate) fn forms_of(url: &str, answer: &Answer) -> Vec<Form> {
    page_in(url, answer).forms
}

/// The page in an answer of this address.
pub(crate) fn page_in(url: &str, answer: &Answer) -> Page {
    Page::read(url, answer, &Route::default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(html: &str) -> Page {
        Page::read("https://idp.example/a/login?i=1", &Answer::of(200, &[], html), &Route::default())
    }

    #[test]
    fn addresses_of_forms_are_resolved_against_the_page_or_its_base() {
        let action = |html: &str| page(html).forms[0].action.clone();
        assert_eq!(action("<form></form>"), "https://idp.example/a/login?i=1");
        assert_eq!(action("<form action='next'></form>"), "https://idp.example/a/next");
        assert_eq!(action("<form action='/next?x=1'></form>"), "https://idp.example/next?x=1");
        assert_eq!(action("<base href='/b/'><form action='next'></form>"), "https://idp.example/b/next");
    }

    #[test]
    fn pages_look_alike_by_what_they_ask_for() {
        let confirm = page("<title>Device</title><form><input type=hidden name=user_code value=A></form>");
        let another = page("<title>Device</title><form><input type=hidden name=user_code value=B></form>");
        assert!(confirm.looks_like(&another));
        let asked_again = page("<title>Device</title><form><input type=text name=user_code></form>");
        assert!(!confirm.looks_like(&asked_again));
        assert!(!confirm.looks_like(&page("<title>Sign in</title><form><input type=hidden name=user_code></form>")));
    }

    #[test]
    fn a_field_belongs_to_the_form_around_it_or_to_the_one_it_names() {
        let html = "<form id=one></form><form id=two><input name=a></form><input name=b form=one>\
                    <button form=two>Go</button><input name=lost>";
        let page = page(html);
        let names = |at: usize| page.forms[at].fields.iter().map(|field| field.name.clone()).collect::<Vec<_>>();
        assert_eq!((names(0), names(1)), (vec!["b".to_owned()], vec!["a".to_owned()]));
        assert_eq!(page.forms[1].buttons[0].label, "Go");
    }

    #[test]
    fn a_field_is_known_by_its_label_wherever_that_is() {
        let html = "<form><label for=u>User <b>name</b></label><input id=u><label>Your key<input type=password></label>\
                    <input placeholder=Mail aria-label=Address></form>";
        let page = page(html);
        let labels: Vec<_> = page.forms[0].fields.iter().map(|field| field.label.as_str()).collect();
        assert_eq!(labels, ["User name", "Your key", "Address Mail"]);
    }

    #[test]
    fn what_is_not_ticked_chosen_named_or_enabled_is_not_sent() {
        let html = "<form method=post><input name=h type=hidden value='1&amp;2'><input type=checkbox name=c1 checked>\
            <input type=checkbox name=c2><input type=radio name=r value=x><input type=radio name=r value=y checked>\
            <select name=s><option value=1>One<option value=2 selected>Two</select><textarea name=t>T</textarea>\
            <input value=nameless><input name=off disabled><input type=file name=f><input type=button name=b>\
            <button name=go value=1>Go</button></form>";
        let page = page(html);
        let form = &page.forms[0];
        let sent = form.pressed(form.buttons.first(), (page.url(), Route::default()));
        assert_eq!(sent.params().encode(), "h=1%262&c1=on&r=y&s=2&t=T&go=1");
        let unpressed = form.pressed(None, (page.url(), Route::default()));
        assert_eq!(unpressed.params().get("go"), None);
    }

    #[test]
    fn a_button_may_send_the_form_elsewhere() {
        let html = "<form method=post action=/a><button formaction=/b formmethod=get>Go</button></form>";
        let page = page(html);
        let form = &page.forms[0];
        let visit = form.pressed(form.buttons.first(), (page.url(), Route::default())).also("x", "1").visit();
        assert_eq!((visit.url.as_str(), visit.form.is_none()), ("https://idp.example/b?x=1", true));
    }

    #[test]
    fn a_form_that_is_got_replaces_the_query() {
        let page = page("<form action='?old=1'><input name=new value=2></form>");
        let visit = page.forms[0].pressed(None, (page.url(), Route::default())).visit();
        assert_eq!(visit.url, "https://idp.example/a/login?new=2");
    }

    #[test]
    fn a_page_leads_on_by_itself_when_it_says_so() {
        let to = |html: &str| page(html).refresh;
        let next = Some("https://idp.example/a/next?x=1".to_owned());
        assert_eq!(to("<meta http-equiv=Refresh content='0; URL=next?x=1'>"), next);
        assert_eq!(to("<meta http-equiv=refresh content=\"1;url='next?x=1'\">"), next);
        assert_eq!(to("<meta http-equiv=refresh content='1800; url=next'>"), None);
        assert_eq!(to("<meta http-equiv=refresh content='0'>"), None);
    }

    #[test]
    fn a_form_sends_itself_only_if_there_is_nothing_to_see_in_it() {
        let sends = |html: &str| page(html).sends_itself;
        let script = "<script>document.forms[0].submit()</script>";
        let hidden = "<form><input type=hidden name=a></form>";
        assert_eq!(sends(&format!("{hidden}{script}")), Some(0));
        assert_eq!(sends(&format!("<body onload='document.f.submit()'>{hidden}")), Some(0));
        assert_eq!(sends(hidden), None);
        assert_eq!(sends(&format!("<form><input name=a></form>{script}")), None);
    }

    #[test]
    fn what_is_fetched_from_elsewhere_is_told_by_its_origin() {
        let html = "<script src=/own.js></script><script src=https://cdn.example/a.js></script>\
                    <link rel=icon href=//static.example/i.png><img src='data:image/png;base64,AAAA'>\
                    <a href=https://link.example/></a>";
        assert_eq!(page(html).foreign_origins(), ["https://cdn.example", "https://static.example"]);
    }

    #[test]
    fn a_page_shows_nothing_of_what_is_in_its_fields() {
        let page = page("<title>Log in</title><form><input type=hidden name=csrf value=canary></form>");
        let told = format!("{page:?}");
        assert!(told.contains("Log in") && told.contains("csrf (hidden)") && !told.contains("canary"));
    }

    #[test]
    fn what_leaves_the_server_is_told_by_origin_and_by_what_was_asked_for() {
        let visit = |url: &str| Visit { url: url.to_owned(), form: None };
        let route = Route::of(
            &visit("https://idp.example/authorize?redirect_uri=https%3A%2F%2Fidp.example%2Fcb"),
            &["https://login.example".to_owned()],
        );
        for own in ["https://idp.example/login", "https://login.example/x"] {
            assert!(!route.leaves(own), "{own}");
        }
        for foreign in ["https://idp.example/cb?code=1", "https://app.example/cb", "app:/cb", "http://idp.example/x"]
        {
            assert!(route.leaves(foreign), "{foreign}");
        }
    }
}
