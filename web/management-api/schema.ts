/** The path prefix of the management API. */
export const managementRoot = "/api/orchestration";

/** A field of a body, or a parameter, in the reference: its path, its type in words, and its purpose. */
export type ReferenceField = {
  path: string;
  type: string;
  /** Whether the field is required; `with` names the optional object inside which it is required. */
  isRequired: boolean | { with: string };
  description: string;
};

/** One operation, for the reference page. */
export type ReferenceOperation = {
  id: string;
  method: "GET" | "POST" | "PUT" | "DELETE";
  path: string;
  tag: string;
  summary: string;
  description: string;
  pathParameters: string[];
  queries: ReferenceField[];
  headers: ReferenceField[];
  /** Fields of `data` in the answer. */
  answer: ReferenceField[];
  /** The failure statuses. */
  failures: number[];
  /** Fields of the body; several lists when the body has several forms. */
  bodies: { label: string; fields: ReferenceField[] }[];
  /** A valid body as JSON text; null for an operation without a body. */
  example: string | null;
};
