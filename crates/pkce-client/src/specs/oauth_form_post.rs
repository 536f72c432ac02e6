//! OAuth 2.0 Form Post Response Mode: the browser posts the authorization response, so that the code is in no address.

use crate::login::LoginRequest;

impl LoginRequest<'_> {
    /// Asks that the browser posts the response in a form (`response_mode=form_post`), to be read with
    /// [`Callback::from_form`](crate::Callback::from_form). A response in the query is rejected then, and one in a form
    /// where it was not asked for.
    ///
    /// The browser posts it from the server's page, so a cookie that leads to the login has to be `SameSite=None`, and the
    /// redirect URI has to be one of a web server: native logins cannot ask for it.
    ///
    /// [`LoginRequest::begin`] fails if the server does not list the mode in `response_modes_supported`.
    pub fn form_post(mut self) -> Self {
        self.form_post = true;
        self
    }
}
