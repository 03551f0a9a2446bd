/**
 * Web's server sets it for an action that it does not admit now, and removes it from every other request. In a file
 * of its own: the server cannot load next/headers.
 */
export const notAdmittedHeader = "x-selvage-not-admitted";
