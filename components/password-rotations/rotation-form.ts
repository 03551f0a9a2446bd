import type { Resolver } from "react-hook-form";
import {
  type Alphabet,
  passwordLengths,
  type RotationDetail,
  type RotationInput,
  type RotationMethod,
  rotationInput,
} from "@/lib/password-rotations/schema";
import { clock } from "@/lib/password-rotations/texts";

/** The form's values: text as typed. */
export type RotationFormValues = {
  connectionId: string;
  method: RotationMethod;
  administratorId: string;
  firstUser: string;
  secondUser: string;
  overlapHours: string;
  length: string;
  alphabet: Alphabet;
  everyDays: string;
  windowStart: string;
  windowHours: string;
};

/** The values that the form starts with: those of a stored rotation, or the usual ones. */
export function initialValues(
  settings: RotationDetail["settings"],
  connections: RotationDetail["connections"],
): RotationFormValues {
  const first = connections[0]?.id ?? "";
  const stored = connections.some(({ id }) => id === settings?.connectionId);
  const connectionId = stored ? (settings?.connectionId ?? first) : first;
  return {
    connectionId,
    method: settings?.method ?? connections.find(({ id }) => id === connectionId)?.methods[0] ?? "own",
    administratorId: settings?.administratorId ?? "",
    firstUser: settings?.users[0] ?? "",
    secondUser: settings?.users[1] ?? "",
    overlapHours: String(settings && settings.method !== "own" ? settings.overlapMinutes / 60 : 24),
    length: String(settings?.length ?? passwordLengths.initial),
    alphabet: settings?.alphabet ?? "letters_digits",
    everyDays: settings?.everyDays ? String(settings.everyDays) : "",
    windowStart: settings?.windowStart == null ? "" : clock(settings.windowStart),
    windowHours: String((settings?.windowMinutes ?? 120) / 60),
  };
}

/** The destinations that the person was shown: of the secret's value, and of the administrator's secret. */
type Shown = { ofValue: readonly string[]; ofAdministrator: readonly string[] };

/** Converts and validates the form for one secret. */
export function resolverFor(
  secretId: string,
  shown: Shown,
): Resolver<RotationFormValues, unknown, RotationInput> {
  return (values) => {
    const parsed = rotationInput.safeParse(inputOf(values, secretId, shown));
    if (parsed.success) return { values: parsed.data, errors: {} };
    const errors = parsed.error.issues.map(({ path, message }) => [
      fieldOf(String(path[0] ?? "root")),
      { type: "invalid", message },
    ]);
    return { values: {}, errors: Object.fromEntries(errors) };
  };
}

function inputOf(values: RotationFormValues, secretId: string, { ofValue, ofAdministrator }: Shown) {
  const isPair = values.method === "pair";
  const [hours = Number.NaN, minutes = Number.NaN] = values.windowStart.split(":").map(Number);
  return {
    secretId,
    connectionId: values.connectionId,
    method: values.method,
    ...(isPair
      ? {
          administratorId: values.administratorId || undefined,
          users: [values.firstUser.trim(), values.secondUser.trim()],
        }
      : {}),
    ...(values.method === "own" ? {} : { overlapMinutes: minutesOfHours(values.overlapHours) }),
    length: Number(values.length),
    alphabet: values.alphabet,
    everyDays: values.everyDays === "" ? null : Number(values.everyDays),
    window:
      values.everyDays === "" || values.windowStart === ""
        ? null
        : { startMinute: hours * 60 + minutes, minutes: Math.round(Number(values.windowHours) * 60) },
    valueDestinations: [...ofValue],
    shownDestinations: [...ofAdministrator],
  };
}

/** Not a number for a part of an hour, which the input then refuses. */
function minutesOfHours(hours: string): number {
  return Number.isInteger(Number(hours)) ? Number(hours) * 60 : Number.NaN;
}

const fields: Readonly<Record<string, keyof RotationFormValues>> = {
  users: "secondUser",
  overlapMinutes: "overlapHours",
  window: "windowStart",
};

function fieldOf(member: string): string {
  return fields[member] ?? member;
}
