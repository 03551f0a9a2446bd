/** The form's values. A credential field contains the id of its secret. */
export type ConnectionFormValues = { name: string; description: string; properties: Record<string, string> };
