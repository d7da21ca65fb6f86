"""Programs that verify a signature, as the docs and the page of a new secret print them. Tests run the first."""

from typing import NamedTuple


class Sample(NamedTuple):
    name: str
    language: str
    code: str


PYTHON = '''import base64, hashlib, hmac, time

def is_from_clod(secret: str, headers, body: bytes) -> bool:
    """headers: of the request, by lower-case name; body: its bytes as they came."""
    message_id, timestamp = headers["webhook-id"], headers["webhook-timestamp"]
    if abs(time.time() - int(timestamp)) > 300:
        return False  # an old one, sent again by somebody else
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.new(key, f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    expected = "v1," + base64.b64encode(digest).decode()
    return any(hmac.compare_digest(expected, each) for each in headers["webhook-signature"].split())
'''
NODE = """import { createHmac, timingSafeEqual } from "node:crypto";

// headers: of the request, by lower-case name; body: its bytes as they came (a Buffer)
export function isFromClod(secret, headers, body) {
  const id = headers["webhook-id"], timestamp = headers["webhook-timestamp"];
  if (Math.abs(Date.now() / 1000 - Number(timestamp)) > 300) return false;
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  const digest = createHmac("sha256", key).update(`${id}.${timestamp}.`).update(body).digest("base64");
  const expected = Buffer.from(`v1,${digest}`);
  return headers["webhook-signature"].split(" ").some((each) => {
    const given = Buffer.from(each);
    return given.length === expected.length && timingSafeEqual(given, expected);
  });
}
"""
VERIFY = (Sample("Python", "python", PYTHON), Sample("Node", "javascript", NODE))
EVENT = """POST /clod HTTP/1.1
Content-Type: application/json
webhook-id: evt_0355G9o7EspDsoh783tIpp
webhook-timestamp: 1795867200
webhook-signature: v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=

{
  "id": "evt_0355G9o7EspDsoh783tIpp",
  "type": "budget.threshold_reached",
  "timestamp": "2026-11-28T12:00:00.000Z",
  "data": {
    "project": {"id": "proj_0355G9o7EspDsoh783tIpp", "name": "Billing bot"},
    "api_key": null,
    "period": "day",
    "period_key": "2026-11-28",
    "percent": 80,
    "percent_spent": 85,
    "spent_usd": "17",
    "spent_nanousd": 17000000000,
    "cap_usd": "20",
    "cap_nanousd": 20000000000,
    "resets_at": "2026-11-29T00:00:00.000Z"
  }
}
"""
