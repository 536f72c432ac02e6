//! The messages of the MCP server: JSON-RPC 2.0, one in a body.

use serde_json::{Map, Value, json};

use super::TRANSFER;
use crate::request::{Arrival, Resolved};

/// The revisions of MCP that are spoken, newest first. Nothing that is done here differs between them.
const VERSIONS: &[&str] = &["2025-11-25", "2025-06-18", "2025-03-26"];

/// The codes of JSON-RPC 2.0 §5.1.
const PARSE_ERROR: i32 = -32700;
const INVALID_REQUEST: i32 = -32600;
const METHOD_NOT_FOUND: i32 = -32601;
const INVALID_PARAMS: i32 = -32602;

/// A message of a client.
pub(super) struct Message {
    /// What the answer is told by; without one nothing is answered.
    id: Option<Value>,
    /// What is to be done; empty in an answer to a question that was not asked.
    method: String,
    params: Map<String, Value>,
}

/// What comes of a message.
pub(super) enum Outcome {
    /// An answer.
    Said(Map<String, Value>),
    /// Nothing is answered.
    Taken,
    /// The token lacks this scope.
    Needs(&'static str),
}

/// Why a message is answered by an error.
struct Failure(i32, String);

impl Message {
    /// Reads the one message of a request, or gives the error that answers it.
    pub(super) fn read(arrival: &Arrival<'_>) -> Result<Self, Map<String, Value>> {
        if let Some(version) = arrival.headers.get("mcp-protocol-version") {
            let known = version.to_str().is_ok_and(|version| VERSIONS.contains(&version));
            if !known {
                let says = format!("MCP-Protocol-Version has to be one of {}", VERSIONS.join(", "));
                return Err(failed(&Value::Null, &Failure(INVALID_REQUEST, says)));
            }
        }
        let message = serde_json::from_slice(arrival.body)
            .map_err(|_| failed(&Value::Null, &Failure(PARSE_ERROR, "The body is not JSON".to_owned())))?;
        Self::of(message).map_err(|failure| failed(&Value::Null, &failure))
    }

    fn of(message: Value) -> Result<Self, Failure> {
        let invalid = |says: &str| Failure(INVALID_REQUEST, says.to_owned());
        let Value::Object(mut message) = message else {
            return Err(invalid("A body holds one message, which is an object"));
        };
        if message.get("jsonrpc").and_then(Value::as_str) != Some("2.0") {
            return Err(invalid("jsonrpc has to be 2.0"));
        }
        let id = message.remove("id");
        if id.as_ref().is_some_and(|id| !id.is_string() && !id.is_i64() && !id.is_u64()) {
            return Err(invalid("id has to be text or a whole number"));
        }
        let method = match message.remove("method") {
            Some(Value::String(method)) => method,
            None if message.contains_key("result") || message.contains_key("error") => {
                return Ok(Self { id: None, method: String::new(), params: Map::new() });
            }
            _ => return Err(invalid("method has to be text")),
        };
        match message.remove("params") {
            None => Ok(Self { id, method, params: Map::new() }),
            Some(Value::Object(params)) => Ok(Self { id, method, params }),
            Some(_) => Err(invalid("params has to be an object")),
        }
    }

    /// Does what it says.
    pub(super) fn answer(self, resolved: &Resolved) -> Outcome {
        let Some(id) = &self.id else { return Outcome::Taken };
        let result = match self.method.as_str() {
            "initialize" => self.initialize(),
            "ping" => Ok(json!({})),
            "tools/list" => Ok(tools()),
            "tools/call" if self.calls("transfer") && !may_transfer(resolved) => return Outcome::Needs(TRANSFER),
            "tools/call" => self.call(resolved),
            _ => Err(Failure(METHOD_NOT_FOUND, "There is no such method".to_owned())),
        };
        Outcome::Said(match result {
            Ok(result) => members([("jsonrpc", "2.0".into()), ("id", id.clone()), ("result", result)]),
            Err(failure) => failed(id, &failure),
        })
    }

    fn initialize(&self) -> Result<Value, Failure> {
        let Some(asked) = self.params.get("protocolVersion").and_then(Value::as_str) else {
            return Err(Failure(INVALID_PARAMS, "initialize needs protocolVersion".to_owned()));
        };
        let version = VERSIONS.iter().find(|own| **own == asked).unwrap_or(&VERSIONS[0]);
        Ok(json!({
            "protocolVersion": version,
            "capabilities": {"tools": {}},
            "serverInfo": {"name": "mock-idp", "version": env!("CARGO_PKG_VERSION")},
        }))
    }

    fn calls(&self, tool: &str) -> bool {
        self.params.get("name").and_then(Value::as_str) == Some(tool)
    }

    fn call(&self, resolved: &Resolved) -> Result<Value, Failure> {
        let none = Map::new();
        let arguments = match self.params.get("arguments") {
            None => &none,
            Some(Value::Object(arguments)) => arguments,
            Some(_) => return Err(Failure(INVALID_PARAMS, "arguments has to be an object".to_owned())),
        };
        match self.params.get("name").and_then(Value::as_str) {
            Some("whoami") => Ok(whoami(resolved)),
            Some("transfer") => Ok(transfer(arguments)),
            _ => Err(Failure(INVALID_PARAMS, "There is no such tool; tools/list names them".to_owned())),
        }
    }
}

fn may_transfer(resolved: &Resolved) -> bool {
    resolved.kept.record.authorization.scope.contains(TRANSFER)
}

/// The two tools, each with the JSON Schema of its arguments.
fn tools() -> Value {
    json!({"tools": [
        {
            "name": "whoami",
            "description": "Says whom the access token is about, and whose it is",
            "inputSchema": {"type": "object", "additionalProperties": false},
        },
        {
            "name": "transfer",
            "description": format!("Says that money was moved. Needs the scope {TRANSFER}"),
            "inputSchema": {
                "type": "object",
                "properties": {"to": {"type": "string"}, "amount": {"type": "integer", "minimum": 1}},
                "required": ["to", "amount"],
            },
        },
    ]})
}

fn whoami(resolved: &Resolved) -> Value {
    let authorization = &resolved.kept.record.authorization;
    let said = json!({
        "sub": authorization.subject,
        "client_id": authorization.client_id,
        "scope": authorization.scope.as_str(),
    });
    json!({
        "content": [{"type": "text", "text": said.to_string()}],
        "structuredContent": said,
        "isError": false,
    })
}

/// What is wrong with arguments is for the model that chose them, and so no error of the protocol.
fn transfer(arguments: &Map<String, Value>) -> Value {
    let to = arguments.get("to").and_then(Value::as_str).filter(|to| !to.is_empty());
    let amount = arguments.get("amount").and_then(Value::as_u64).filter(|amount| *amount > 0);
    let (text, wrong) = match (to, amount) {
        (Some(to), Some(amount)) => (format!("{amount} were transferred to {to}"), false),
        _ => ("transfer needs to, which is text, and amount, which is a whole number above 0".to_owned(), true),
    };
    json!({"content": [{"type": "text", "text": text}], "isError": wrong})
}

fn failed(id: &Value, Failure(code, says): &Failure) -> Map<String, Value> {
    let error = json!({"code": code, "message": says});
    members([("jsonrpc", "2.0".into()), ("id", id.clone()), ("error", error)])
}

fn members<const N: usize>(members: [(&str, Value); N]) -> Map<String, Value> {
    members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
