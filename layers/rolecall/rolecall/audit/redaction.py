"""Replaces emails and names in the audit entries of deleted tenants by keyed hashes, also emails in a reason's text.

The same email gives the same hash. So a reader can still see that two entries name the same person, and can check
whether they name a given email. The entries themselves expire after `AUDIT_RETENTION_DAYS`.
"""

import hmac
import re
from hashlib import sha256
from typing import Any

from rolecall import deadline
from rolecall.aws import secrets_manager
from rolecall.config import config
from rolecall.storage import dynamodb, indexes, keys, reads, writes
from rolecall.telemetry import logger

_HASH_PREFIX = "hmac-sha256:"

#: The form of what `_keyed_hash` makes. A text of this form identifies nobody, even if a person typed it, so it is not
#: hashed again.
_HASH = re.compile(rf"{_HASH_PREFIX}[0-9a-f]{{64}}")

_PAGE = 100

#: The attributes of an audit entry that are mappings and can contain the fields of `PERSONAL_FIELDS`.
_MAPPINGS_WITH_PERSONAL_FIELDS = ("actor", "before", "after")

#: The fields that say who somebody is: the email, and the profile that an identity provider stores.
PERSONAL_FIELDS = (
    *("email", "external_id", "given_name", "family_name", "formatted_name", "display_name", "nick_name", "title"),
    *("user_type", "preferred_language", "locale", "timezone"),
)

#: An email in a text: the characters of RFC 5322 before the `@`, and a domain after it. An apostrophe at the beginning
#: is not a part of the match, because it may be a quotation mark.
_EMAIL_IN_TEXT = re.compile(r"[\w.!#$%&*+/=?^`{|}~-][\w.!#$%&'*+/=?^`{|}~-]*@[\w.-]*\w")


def redact_emails_of_deleted_tenants(most_tenants: int, reserve_seconds: float) -> None:
    """Redact the audit trails of up to `most_tenants` deleted tenants, until less than `reserve_seconds` are left.

    The next call continues with the first entry that is not redacted.
    """
    for job in reads.query_index(indexes.UNREDACTED_AUDITS, limit=most_tenants).items:
        if not _redact_trail_and_deletion_reason_in_time(job, reserve_seconds):
            break


def _redact_trail_and_deletion_reason_in_time(job: dynamodb.Item, reserve_seconds: float) -> bool:
    """Redact a tenant's audit entries and the reason of its deletion. Returns false if the time ran out."""
    tenant_id = job["tenant_id"]
    key, position = secrets_manager.read(config().redaction_key_secret_arn)["key"], job.get("audit_redacted_to")
    more = True
    while more:
        if deadline.time_left() < reserve_seconds:
            return False
        page = reads.query_partition(keys.audit_entry(tenant_id, "").pk, after=position, limit=_PAGE)
        for item in page.items:
            _write_hashes_over_emails(item, key)
            position = item["sk"]
        more = page.more
        if more:
            writes.write(
                writes.Update(keys.deletion_job(tenant_id), set={"audit_redacted_to": position}, when=writes.MUST_EXIST)
            )
    _redact_reason_of_deletion(job, key)
    # The last page of the deleted tenant's audit trail is redacted, and nothing adds an entry to this trail any more.
    # So no email is left in it, and the job leaves the list of trails to redact.
    writes.write(
        writes.Update(
            keys.deletion_job(tenant_id),
            remove=(*indexes.UNREDACTED_AUDITS.index_attributes(""), "audit_redacted_to"),
            when=writes.MUST_EXIST,
        )
    )
    logger.info("audit redacted", tenant_id=tenant_id)
    return True


def _redact_reason_of_deletion(job: dynamodb.Item, hmac_key: str) -> None:
    """Update the stored reason, unless it holds no email."""
    reason = job.get("reason")
    redacted = pseudonymize_emails_in_text(reason, hmac_key) if reason else reason
    if redacted != reason:
        receipt = keys.deletion_job(job["tenant_id"])
        writes.write(writes.Update(receipt, set={"reason": redacted}, when=writes.MUST_EXIST))


def _write_hashes_over_emails(audit_entry: dynamodb.Item, hmac_key: str) -> None:
    """Update the stored entry, unless it holds no email that is not a hash already."""
    redacted: dict[str, Any] = {
        name: pseudonymize_personal_fields(audit_entry[name], hmac_key)
        for name in _MAPPINGS_WITH_PERSONAL_FIELDS
        if audit_entry.get(name)
    }
    if audit_entry.get("reason"):
        redacted["reason"] = pseudonymize_emails_in_text(audit_entry["reason"], hmac_key)
    # The audit entry of a refused request has the fields of the request in `after`. One of these fields can be a
    # reason, and a reason can contain emails.
    asked = redacted.get("after")
    if asked and asked.get("reason"):
        redacted["after"] = {**asked, "reason": pseudonymize_emails_in_text(asked["reason"], hmac_key)}
    changed = {name: value for name, value in redacted.items() if value != audit_entry[name]}
    if changed:
        writes.write(writes.Update(keys.Key(audit_entry["pk"], audit_entry["sk"]), set=changed, when=writes.MUST_EXIST))


def pseudonymize_personal_fields(facts: dict[str, Any], hmac_key: str) -> dict[str, Any]:
    """The facts with each of `PERSONAL_FIELDS` replaced by its keyed hash. A hash is left as it is."""
    found = {name: facts[name] for name in PERSONAL_FIELDS if facts.get(name)}
    hashes = {name: value if _HASH.fullmatch(value) else _keyed_hash(value, hmac_key) for name, value in found.items()}
    return {**facts, **hashes}


def pseudonymize_emails_in_text(text: str, hmac_key: str) -> str:
    """The text with each email in it replaced by its keyed hash. Everything else stays."""
    return _EMAIL_IN_TEXT.sub(lambda found: _keyed_hash(found[0], hmac_key), text)


def _keyed_hash(text: str, hmac_key: str) -> str:
    return _HASH_PREFIX + hmac.new(hmac_key.encode(), text.lower().encode(), sha256).hexdigest()
