/** What a path of the management API begins with. */
export const managementRoot = "/api/orchestration";

/** A field of a body or a parameter, as the reference lists it: its path, type in words, and what it is for. */
export type ReferenceField = {
  path: string;
  type: string;
  /** Whether it has to be there; "with" what, where it belongs to something that need not be. */
  isRequired: boolean | { with: string };
  description: string;
};

/** One operation, as the reference shows it. */
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
  /** The statuses with which it can fail. */
  failures: number[];
  /** Fields of the body; several lists where it has several forms. */
  bodies: { label: string; fields: ReferenceField[] }[];
  /** A body that works, as JSON text; null for an operation without one. */
  example: string | null;
};
