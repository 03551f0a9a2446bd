import { useEffect, useRef } from "react";
import { useFormContext, useWatch } from "react-hook-form";
import type { RotationFormValues } from "@/components/password-rotations/rotation-form";
import { Banner } from "@/components/ui/banner";
import { Checkbox } from "@/components/ui/checkbox";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { Select } from "@/components/ui/select";
import { formatDestination } from "@/lib/connectors/format-destination";
import {
  alphabets,
  passwordLengths,
  type RotationDetail,
  type RotationMethod,
} from "@/lib/password-rotations/schema";

type Option = { id: string; name: string };

const schedules = [
  { value: "", label: "Only when an Admin starts it" },
  ...[1, 7, 30, 60, 90, 180].map((days) => ({
    value: String(days),
    label: days === 1 ? "Every day" : `Every ${days} days`,
  })),
];

const methodTexts: Readonly<Record<RotationMethod, { label: string; hint: string }>> = {
  own: {
    label: "The connection’s user changes its own password",
    hint: "One user: its former password stops working at once. Pipelines have it for some seconds longer, until they read the secret again.",
  },
  pair: {
    label: "A pair of users in turn, by an administrator",
    hint: "Two users: while one is in use, the other gets a new password. No sign-in fails.",
  },
  key_pair: {
    label: "The user’s two key slots in turn",
    hint: "While the key in one slot is in use, the other slot gets a new one: a key that is in it now stops working. No sign-in fails.",
  },
};

/** The fields of a rotation: where, who, what the password is like, and when. */
export function RotationFields({
  connections,
  administrators,
  canBePair,
  valueDestinations,
  confirmation: { administrator, destinations, isConfirmed, onChange },
}: {
  connections: RotationDetail["connections"];
  administrators: readonly Option[];
  /** True for a secret that has the user: only its user can change. */
  canBePair: boolean;
  /** Where the present value may be sent. */
  valueDestinations: readonly string[];
  confirmation: {
    /** The name of the administrator's secret. */
    administrator: string;
    destinations: readonly string[];
    isConfirmed: boolean;
    onChange: (isConfirmed: boolean) => void;
  };
}) {
  const { register, control, formState, setValue } = useFormContext<RotationFormValues>();
  const { errors } = formState;
  const [connectionId, method, everyDays] = useWatch({
    control,
    name: ["connectionId", "method", "everyDays"],
  });
  const connection = connections.find(({ id }) => id === connectionId);
  const methods = (connection?.methods ?? []).filter((one) => one !== "pair" || canBePair);
  const [first = "own"] = methods;
  const isOffered = methods.includes(method);
  useEffect(() => {
    if (!isOffered) setValue("method", first);
  }, [isOffered, first, setValue]);
  const box = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (destinations.length > 0) box.current?.focus();
  }, [destinations]);
  const numeric = { inputMode: "numeric", autoComplete: "off" } as const;
  return (
    <>
      <Field
        label="Connection"
        hint="Selvage sets the new value at its server."
        error={errors.connectionId?.message}
        isRequired
      >
        <Select options={optionsOf(connections)} {...register("connectionId")} />
      </Field>
      <Field
        label="Method"
        hint={`${methodTexts[method].hint}${method === "key_pair" && connection ? ` It needs ${connection.rights}.` : ""}`}
        error={errors.method?.message}
        isRequired
      >
        <Select
          options={methods.map((value) => ({ value, label: methodTexts[value].label }))}
          {...register("method")}
        />
      </Field>
      {method === "pair" && (
        <>
          <Field
            label="Administrator’s secret"
            hint={`A Username & Password secret whose user may set the passwords of both. At this server, it needs ${connection?.rights ?? "that right"}.`}
            error={errors.administratorId?.message}
            isRequired
          >
            <Select
              placeholder="Choose a secret"
              options={optionsOf(administrators)}
              {...register("administratorId")}
            />
          </Field>
          <div className="grid gap-4 sm:grid-cols-2">
            <Field label="First user" error={errors.firstUser?.message} isRequired>
              <Input autoComplete="off" spellCheck={false} {...register("firstUser")} />
            </Field>
            <Field label="Second user" error={errors.secondUser?.message} isRequired>
              <Input autoComplete="off" spellCheck={false} {...register("secondUser")} />
            </Field>
          </div>
        </>
      )}
      {method !== "own" && (
        <Field
          label="Overlap in hours"
          hint={
            method === "pair"
              ? "After a rotation, the former user’s password works for at least this many hours. No other rotation can start before."
              : "After a rotation, the former key works for at least this many hours. No other rotation can start before."
          }
          error={errors.overlapHours?.message}
          isRequired
        >
          <Input {...numeric} {...register("overlapHours")} />
        </Field>
      )}
      {method !== "key_pair" && (
        <div className="grid gap-4 sm:grid-cols-2">
          <Field
            label="Length"
            hint={`${passwordLengths.min} to ${passwordLengths.max} characters.`}
            error={errors.length?.message}
            isRequired
          >
            <Input {...numeric} {...register("length")} />
          </Field>
          <Field label="Characters" error={errors.alphabet?.message} isRequired>
            <Select
              options={Object.entries(alphabets).map(([value, { label }]) => ({ value, label }))}
              {...register("alphabet")}
            />
          </Field>
        </div>
      )}
      <Field label="When" error={errors.everyDays?.message} isRequired>
        <Select options={schedules} {...register("everyDays")} />
      </Field>
      {everyDays !== "" && (
        <div className="grid gap-4 sm:grid-cols-2">
          <Field label="Not before (UTC)" error={errors.windowStart?.message}>
            <Input type="time" {...register("windowStart")} />
          </Field>
          <Field label="For how many hours" error={errors.windowHours?.message} isRequired>
            <Input {...numeric} {...register("windowHours")} />
          </Field>
        </div>
      )}
      <p className="text-muted text-sm [overflow-wrap:anywhere]">
        {valueDestinations.length === 0
          ? "New values may be sent nowhere until an Admin allows a destination."
          : `New values may be sent where the present one may: ${valueDestinations.map((key) => formatDestination(key)).join(", and ")}. An Admin can allow others.`}
      </p>
      {destinations.length > 0 && (
        <Banner tone="warning" title={`${administrator} has not been sent to this server before`}>
          <Checkbox
            ref={box}
            label={`Allow it to be sent to ${destinations.map((key) => formatDestination(key)).join(", and to ")}`}
            checked={isConfirmed}
            onChange={({ target }) => onChange(target.checked)}
          />
        </Banner>
      )}
    </>
  );
}

function optionsOf(options: readonly Option[]) {
  return options.map(({ id, name }) => ({ value: id, label: name }));
}
