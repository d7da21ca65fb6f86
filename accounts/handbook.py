"""The pages of the docs, and what they print that is data: an answer, a refusal, the table of errors."""

from collections.abc import Sequence
from typing import NamedTuple


class Page(NamedTuple):
    slug: str
    name: str

    @property
    def address(self) -> str:
        return f"/docs/{self.slug}" if self.slug != FIRST else "/docs"

    @property
    def template(self) -> str:
        return f"docs/{self.slug}.html"


class Errors(NamedTuple):
    """Refusals of one kind: status, code and meaning of each."""

    id: str
    name: str
    advice: str
    rows: Sequence[tuple[int, str, str]]


class Client(NamedTuple):
    """A section of docs/clients.md, and what a reader has to know about it."""

    id: str
    name: str
    about: str


FIRST = "quickstart"
PAGES = (
    Page(FIRST, "Quickstart"),
    Page("clients", "Clients"),
    Page("api", "Chat Completions API"),
    Page("routing", "Models and strategies"),
    Page("energy", "Energy pricing"),
    Page("free", "Free requests and the wallet"),
    Page("projects", "Projects, keys and budgets"),
    Page("accounts", "Account and security"),
    Page("privacy", "Encryption and privacy"),
    Page("encryption", "Sealed logs"),
    Page("studio", "Studio"),
    Page("activity", "Activity and exports"),
    Page("webhooks", "Webhooks"),
    Page("errors", "Errors"),
)

CLIENTS = (
    Client(
        "openai-python",
        "openai for Python",
        "CLōD's own fields go into extra_body, headers into extra_headers; with_raw_response shows the headers of an answer.",
    ),
    Client("openai-node", "openai for Node", "CLōD's own fields go beside the others in the first argument, headers into the second."),
    Client(
        "langchain",
        "LangChain",
        'The cost of an answer is in response_metadata["token_usage"]["cost"]. A stream has its usage only with stream_usage.',
    ),
    Client(
        "ai-sdk",
        "Vercel AI SDK",
        "The cost is in usage.raw.cost; CLōD's own fields go into providerOptions, under the name given to the provider.",
    ),
    Client("none", "Without a client", "curl, Python's own http.client, and fetch."),
)

ANSWER = """{
  "id": "chatcmpl-03520nob7pdFlGLZEVhRz6",
  "object": "chat.completion",
  "created": 1795352090,
  "model": "DeepSeek V3",
  "choices": [
    {
      "index": 0,
      "message": {"role": "assistant", "content": "The capital of France is Paris."},
      "finish_reason": "stop"
    }
  ],
  "usage": {
    "prompt_tokens": 20,
    "completion_tokens": 8,
    "total_tokens": 28,
    "cost": 0.000011828,
    "cost_details": {
      "paid_by": "wallet",
      "standard_cost": 0.000011828,
      "list_cost": 0.0000132,
      "routing_fee": 0,
      "price_tick": 16832,
      "input_usd_per_mtok": 0.269,
      "output_usd_per_mtok": 0.806,
      "multiplier": 0.895,
      "is_estimated": false
    }
  }
}"""

REFUSAL = """{
  "error": {
    "message": "Project budget of $20.00 for 2026-11-22 has $0.01 left and this call may cost up to $0.03. Raise it under Projects › Billing bot › Budgets.",
    "type": "insufficient_quota",
    "param": null,
    "code": "project_daily_cap",
    "resets_at": "2026-11-23T00:00:00Z",
    "cap_usd": "20",
    "needed_usd": "0.03",
    "left_usd": "0.01"
  }
}"""  # noqa: E501 – as it is sent

CODE = {
    "answer": ANSWER,
    "refusal": REFUSAL,
    "names": """"model": "DeepSeek V3"
"model": "deepseek-v3"
"model": "deepseek-ai/DeepSeek-V3"\n""",
    "strategies": """\n"model": "DeepSeek V3@price"
"model": "DeepSeek V3@price@latency"
"model": "@latency"\n""",
    "formula": """price       lowest price ÷ price
latency     shortest time ÷ time
token_rate  rate ÷ highest rate

score       mean of the tags named""",
    "tariff": """delivered   = clip(market price, $0, $300) × 1.03 + adder of the site
smoothed    → delivered, half of the way in 15 minutes,
              at most 10 % in 5 minutes
multiplier  = clip(1 + weight × (smoothed − reference) ÷ reference,
                   0.60, 1.25)
price       = list price × multiplier, to 3 significant digits""",
    "broken": """data: {"choices":[{"index":0,"delta":{"content":"Paris"}}], …}

data: {"error":{"message":"The model’s server broke off …","code":"upstream_error"}}""",
}


def price_api(base_url: str) -> str:
    """As to be typed by a reader of this site."""
    return f"""curl "{base_url}/prices/now"
curl "{base_url}/prices?model=deepseek-v3&from=-7d&step=1h"
curl "{base_url}/prices?model=deepseek-v3&data_center=dfw&format=csv\""""


ERRORS = (
    Errors(
        "request",
        "The request",
        "Change it; sent again as it is, it is refused again.",
        (
            (400, "invalid_request", "a field has a value it cannot have, an unknown strategy, or the model is called at another address"),
            (400, "context_length_exceeded", "the messages have more tokens than the model's context window; the message has both numbers"),
            (400, "no_candidate_left", "your own demands, such as provider.only, left nobody to answer; constraint names the one to relax"),
            (400, "upstream_refused", "the model's server refused the request; its own words are in the message"),
            (400, "invalid_http", "the bytes were no HTTP request"),
            (404, "model_not_found", "no such model; the nearest names are in the message"),
            (404, "data_center_not_found", "no such data center, or the model is not at it; the message has those there are"),
            (404, "not_found", "no such address"),
            (404, "request_not_found", "no such request in the key's project"),
            (405, "method_not_allowed", "the address takes another method"),
            (408, "headers_too_slow", "the headers did not arrive in time"),
            (408, "body_too_slow", "the body did not arrive in 30 seconds"),
            (409, "idempotency_key_in_use", "the first call with this Idempotency-Key is still running"),
            (410, "idempotent_answer_gone", "the answer kept for this Idempotency-Key is gone; the message says why"),
            (413, "body_too_large", "the body is too large; the message says how much is allowed"),
            (415, "unsupported_content_encoding", "the body is compressed; send it plain"),
            (422, "idempotency_key_reused", "this Idempotency-Key belongs to another body"),
            (431, "headers_too_large", "the headers are too large or too many"),
        ),
    ),
    Errors(
        "access",
        "The key",
        "One answer for keys that are missing, mistyped, unknown, revoked, disabled and expired.",
        (
            (401, "invalid_api_key", "generate a key under API Keys, and send it as a bearer token"),
            (403, "model_not_allowed", "the project, or the key itself, is limited to other models"),
            (403, "address_not_allowed", "the key may not be used from this address"),
            (403, "organization_suspended", "the organization is suspended; for keys this is a 401"),
            (403, "project_archived", "the project is archived; for keys this is a 401"),
            (403, "wallet_frozen", "the wallet's statement is being checked"),
        ),
    ),
    Errors(
        "money",
        "Money",
        "Trying again does not help before something is paid, raised, or reset.",
        (
            (402, "insufficient_funds", "the wallet has less available than the call may cost: top up, or lower max_completion_tokens"),
            (402, "free_quota_exhausted", "today's free requests are used up, and the wallet may not or cannot pay"),
            (402, "key_daily_cap", "the call does not fit under the daily cap of its key"),
            (402, "key_monthly_cap", "the call does not fit under the monthly cap of its key"),
            (402, "project_daily_cap", "the call does not fit under the project's daily cap"),
            (402, "project_monthly_cap", "the call does not fit under the project's monthly cap"),
        ),
    ),
    Errors(
        "service",
        "The service",
        "Try again a little later, after Retry-After where it is given. Nothing is charged, unless an answer had begun: "
        "what a stream delivered before it broke off is charged once.",
        (
            (
                429,
                "rate_limit_exceeded",
                "too many requests or tokens this minute, or too many bad keys or price requests from this address",
            ),
            (429, "too_many_connections", "too many connections from this address"),
            (500, "internal_error", "our mistake; the request id finds it in our log"),
            (502, "upstream_error", "every place that was tried failed; at the end of a stream: it broke off, and is charged so far"),
            (502, "idempotent_answer_incomplete", "the call repeated under its Idempotency-Key had broken off; it was charged once"),
            (503, "upstream_overloaded", "every place that was tried is overloaded; try again when Retry-After says"),
            (503, "too_busy", "this process has as many connections or bodies as it can take"),
            (503, "model_not_available", "nothing serves the model here, or all that do have failed lately or are as busy as they may be"),
            (503, "price_unavailable", "no price is in force for the model"),
            (503, "ledger_busy", "too many calls wait to be paid for"),
            (503, "ledger_unavailable", "the database is away"),
            (503, "unavailable", "another store is away"),
            (503, "shutting_down", "this process is restarting"),
            (504, "upstream_timeout", "the model's server took too long"),
        ),
    ),
)
