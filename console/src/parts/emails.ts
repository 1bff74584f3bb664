// Emails, in the form in which the API stores and compares them.

/** Returns an email in lower case, with an international domain in its `xn--` form, as the API stores it. */
export function toStoredEmail(email: string): string {
  const at = email.lastIndexOf("@");
  try {
    const { hostname } = new URL(`https://${email.slice(at + 1)}`);
    return `${email.slice(0, at)}@${hostname}`.toLowerCase();
  } catch {
    return email.toLowerCase(); // no domain, so the API finds nobody
  }
}
