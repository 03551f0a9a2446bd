/** The login() call of the partner API (developer.salesforce.com/docs/platform/api/guide/sforce-api-calls-login.html). */
export function loginEnvelope(username: string, password: string): string {
  return [
    '<?xml version="1.0" encoding="utf-8"?>',
    '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:urn="urn:partner.soap.sforce.com">',
    `<soapenv:Body><urn:login><urn:username>${escapeXml(username)}</urn:username>`,
    `<urn:password>${escapeXml(password)}</urn:password></urn:login></soapenv:Body></soapenv:Envelope>`,
  ].join("");
}

/**
 * Returns the text of the first element of this name, with any prefix. Empty if it is missing or contains
 * more than text.
 */
export function elementText(xml: string, name: string): string {
  const text = new RegExp(`<(?:[A-Za-z][\\w-]{0,31}:)?${name}>([^<&]{0,2000})</`).exec(xml);
  return text?.[1]?.trim() ?? "";
}

function escapeXml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
