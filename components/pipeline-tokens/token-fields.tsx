import { useFormContext } from "react-hook-form";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { Select } from "@/components/ui/select";

type Props = {
  nameHint: string;
  lifetimes: readonly { value: string; label: string }[];
};

/** The name and the lifetime of a new token of either type. */
export function TokenFields({ nameHint, lifetimes }: Props) {
  const { register, formState } = useFormContext<{ name: string; lifetime: string }>();
  const { errors } = formState;
  return (
    <>
      <Field label="Name" error={errors.name?.message} isRequired hint={nameHint}>
        <Input {...register("name")} maxLength={128} />
      </Field>
      <Field label="Expires after" error={errors.lifetime?.message} isRequired>
        <Select {...register("lifetime")} options={lifetimes} />
      </Field>
    </>
  );
}
