import { useFormContext } from "react-hook-form";
import { Field } from "@/components/ui/field";
import { Textarea } from "@/components/ui/textarea";
import type { LimitInput } from "@/lib/pipeline-tokens/schema";

const limits = [
  {
    name: "onlySecrets",
    label: "Only these secrets",
    hint: "One name per line. If you list secrets or connections, nothing else can be read.",
  },
  {
    name: "onlyConnections",
    label: "Only these connections",
    hint: "One name per line. Each includes the secrets that it references now.",
  },
  {
    name: "onlyFrom",
    label: "Only from these addresses",
    hint: "One IP address or range per line, such as 10.1.0.0/16.",
  },
] as const;

/** The limits of a token or a workload. Empty fields do not limit. */
export function TokenLimitFields() {
  const { register, formState } = useFormContext<LimitInput>();
  return limits.map(({ name, label, hint }) => (
    <Field key={name} label={label} error={formState.errors[name]?.message} hint={hint}>
      <Textarea {...register(name)} rows={2} spellCheck={false} />
    </Field>
  ));
}
