/** What stands in the form; a credential field holds the id of its secret. */
export type ConnectionFormValues = { name: string; description: string; properties: Record<string, string> };
