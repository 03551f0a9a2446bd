import { LogIn } from "lucide-react";
import { useConnectionForm } from "@/components/connections/connection-form-context";
import type { FormField } from "@/lib/connectors/form";

/** In place of a user's field: the secret of the password gives the user. */
export function GivenUser({ field: { title, userOf = "" } }: { field: FormField }) {
  const { connector } = useConnectionForm();
  const password = connector.fields.find(({ name }) => name === userOf)?.title ?? "";
  return (
    <div className="flex flex-col gap-1.5">
      <p className="font-medium">{title}</p>
      <p className="flex items-center gap-2 rounded-lg bg-sunken px-3 py-2 text-muted">
        <LogIn aria-hidden className="size-4 shrink-0" />
        From the secret under {password}
      </p>
    </div>
  );
}
