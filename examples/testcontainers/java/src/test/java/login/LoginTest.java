package login;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jwt.proc.BadJWTException;
import com.nimbusds.oauth2.sdk.AuthorizationCodeGrant;
import com.nimbusds.oauth2.sdk.GeneralException;
import com.nimbusds.oauth2.sdk.ResponseType;
import com.nimbusds.oauth2.sdk.Scope;
import com.nimbusds.oauth2.sdk.TokenRequest;
import com.nimbusds.oauth2.sdk.id.ClientID;
import com.nimbusds.oauth2.sdk.id.Issuer;
import com.nimbusds.oauth2.sdk.id.State;
import com.nimbusds.oauth2.sdk.pkce.CodeChallengeMethod;
import com.nimbusds.oauth2.sdk.pkce.CodeVerifier;
import com.nimbusds.openid.connect.sdk.AuthenticationRequest;
import com.nimbusds.openid.connect.sdk.AuthenticationResponseParser;
import com.nimbusds.openid.connect.sdk.Nonce;
import com.nimbusds.openid.connect.sdk.OIDCTokenResponse;
import com.nimbusds.openid.connect.sdk.OIDCTokenResponseParser;
import com.nimbusds.openid.connect.sdk.op.OIDCProviderMetadata;
import com.nimbusds.openid.connect.sdk.validators.IDTokenValidator;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.Optional;
import java.util.UUID;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.wait.strategy.Wait;
import org.testcontainers.utility.DockerImageName;

/**
 * An application's login, tested at a server in a container that the tests start and remove.
 *
 * <p>The application is the OAuth 2.0 SDK of Nimbus here. MOCK_IDP_IMAGE names the image; {@code cargo xtask container}
 * makes {@code mock-idp:0.1.0}.
 */
class LoginTest {
  private static final String IMAGE = Optional.ofNullable(System.getenv("MOCK_IDP_IMAGE")).orElse("mock-idp:0.1.0");
  private static final URI REDIRECT_URI = URI.create("http://127.0.0.1:9999/callback");
  private static final ClientID CLIENT = new ClientID("public");
  /** Requests come from outside the container, so the control API wants a token. */
  private static final String TOKEN = UUID.randomUUID().toString();
  /** It does not follow redirects. */
  private static final HttpClient HTTP = HttpClient.newHttpClient();

  private static final GenericContainer<?> SERVER =
      new GenericContainer<>(DockerImageName.parse(IMAGE))
          .withExposedPorts(8080)
          .withEnv("MOCK_IDP_CONTROL_TOKEN", TOKEN)
          .waitingFor(Wait.forLogMessage(".*listening on .*", 1));

  private static String issuer;

  @BeforeAll
  static void start() {
    SERVER.start();
    issuer = "http://" + SERVER.getHost() + ":" + SERVER.getMappedPort(8080);
  }

  @AfterAll
  static void stop() {
    SERVER.stop();
  }

  @BeforeEach
  void asNew() throws Exception {
    tell("reset", "");
  }

  /** Makes a call of the control API: docs/CONTROL.md lists them. */
  private static void tell(String call, String json) throws Exception {
    var request = HttpRequest.newBuilder(URI.create(issuer + "/_control/" + call));
    request.header("Authorization", "Bearer " + TOKEN);
    if (json.isEmpty()) {
      request.POST(HttpRequest.BodyPublishers.noBody());
    } else {
      request.header("Content-Type", "application/json").POST(HttpRequest.BodyPublishers.ofString(json));
    }
    var answer = HTTP.send(request.build(), BodyHandlers.ofString());
    assertTrue(answer.statusCode() < 300, answer.body());
  }

  /** The application: a login with PKCE, and who it was. {@code spoil} changes the verifier on its way. */
  private static String logIn(UnaryOperator<CodeVerifier> spoil) throws Exception {
    var metadata = OIDCProviderMetadata.resolve(new Issuer(issuer));
    var verifier = new CodeVerifier();
    var state = new State();
    var nonce = new Nonce();
    var request =
        new AuthenticationRequest.Builder(
                ResponseType.CODE, new Scope("openid"), CLIENT, REDIRECT_URI)
            .endpointURI(metadata.getAuthorizationEndpointURI())
            .state(state)
            .nonce(nonce)
            .codeChallenge(verifier, CodeChallengeMethod.S256)
            .build();
    // The user's browser. Nobody is asked anything, unless a test wants login pages.
    var answer = HTTP.send(HttpRequest.newBuilder(request.toURI()).build(), BodyHandlers.discarding());
    var back = AuthenticationResponseParser.parse(URI.create(answer.headers().firstValue("Location").orElseThrow()));
    assertEquals(state, back.getState());
    var code = back.toSuccessResponse().getAuthorizationCode();
    var grant = new AuthorizationCodeGrant(code, REDIRECT_URI, spoil.apply(verifier));
    var redemption = new TokenRequest.Builder(metadata.getTokenEndpointURI(), CLIENT, grant).build();
    var response = OIDCTokenResponseParser.parse(redemption.toHTTPRequest().send());
    if (!response.indicatesSuccess()) {
      throw new GeneralException(response.toErrorResponse().getErrorObject());
    }
    var tokens = ((OIDCTokenResponse) response.toSuccessResponse()).getOIDCTokens();
    var validator =
        new IDTokenValidator(
            metadata.getIssuer(), CLIENT, JWSAlgorithm.RS256, metadata.getJWKSetURI().toURL());
    return validator.validate(tokens.getIDToken(), nonce).getSubject().getValue();
  }

  @Test
  void somebodyLogsIn() throws Exception {
    assertEquals("alice", logIn(UnaryOperator.identity()));
  }

  @Test
  void theNextToLogInIsBob() throws Exception {
    tell("tenants/_root/logins", "{\"user\": \"bob\"}");
    assertEquals("bob", logIn(UnaryOperator.identity()));
  }

  @Test
  void anIdTokenOfAnotherIssuerIsNotBelieved() throws Exception {
    tell("tenants/_root/faults", "{\"named\": \"invalid-iss\", \"when\": {\"times\": 1}}");
    assertThrows(BadJWTException.class, () -> logIn(UnaryOperator.identity()));
  }

  @Test
  void anotherVerifierIsRefused() throws Exception {
    var refused = assertThrows(GeneralException.class, () -> logIn(verifier -> new CodeVerifier()));
    assertEquals("invalid_grant", refused.getErrorObject().getCode());
    var entry = "{\"path\": \"/token\", \"rule\": \"rfc7636-verifier-wrong\"}";
    tell("tenants/_root/journal/expect", "{\"of\": [" + entry + "], \"at_most\": 1}");
  }
}
