import type * as z from "zod";

const types: Readonly<Record<string, string>> = {
  string: "a string",
  number: "a number",
  int: "an integer",
  boolean: "true or false",
  object: "an object",
  record: "an object",
  array: "a list",
};

/**
 * Says what is wrong with a value that does not parse, for schemas without a sentence of their own. Pass it as
 * `error` to zod. Repeats nothing of the value.
 */
export function issueText(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case "invalid_type":
      if (issue.input === undefined) return "This field is required.";
      return `This must be ${types[issue.expected] ?? "of another type"}.`;
    case "invalid_value":
      return choiceText(issue.values);
    case "invalid_union":
      return choiceText((issue.options as unknown[] | undefined) ?? []);
    case "too_big":
      return issue.origin === "string"
        ? `This is longer than ${issue.maximum} characters.`
        : `The largest value here is ${issue.maximum}.`;
    case "too_small":
      if (issue.origin !== "string") return `The smallest value here is ${issue.minimum}.`;
      return issue.minimum === 1 ? "This is empty." : `This is shorter than ${issue.minimum} characters.`;
    case "unrecognized_keys":
      return "This member is unknown.";
    case "invalid_key":
      return "This name is too long.";
    default:
      return "This is not valid.";
  }
}

/** The sentence for a value that is none of these. */
export function choiceText(values: readonly unknown[]): string {
  if (values.length === 0) return "This is not valid.";
  return values.length === 1 ? `This must be “${values[0]}”.` : `Use one of: ${values.join(", ")}.`;
}

/**
 * The longest field name that an error repeats. No field of an API has a longer name, so a longer one comes
 * from the caller alone.
 */
const maxNameLength = 64;
/** The most fields that one answer names. */
export const maxFields = 50;

/** The first sentence for each field, by its path, for at most `maxFields` fields. An unknown member is a field. */
export function fieldErrorsOf(issues: readonly z.core.$ZodIssue[]): Record<string, string> {
  const errors = new Map<string, string>();
  for (const { path, message, ...issue } of issues) {
    const fields = issue.code === "unrecognized_keys" ? issue.keys.map((key) => [...path, key]) : [path];
    for (const field of fields) {
      const at = field.map((name) => (String(name).length > maxNameLength ? "…" : String(name))).join(".");
      if (errors.size < maxFields && !errors.has(at)) errors.set(at, message);
    }
  }
  return Object.fromEntries(errors);
}
