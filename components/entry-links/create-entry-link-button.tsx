"use client";

import { zodResolver } from "@hookform/resolvers/zod";
import { Send } from "lucide-react";
import { useState } from "react";
import type { Resolver } from "react-hook-form";
import { EntryLinkFields, type EntryLinkFormValues } from "@/components/entry-links/entry-link-fields";
import { ProtectedDialogForm } from "@/components/reauthenticate/protected-dialog-form";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { ShownOnceLink } from "@/components/ui/shown-once-link";
import { createEntryLinkAction } from "@/lib/entry-links/actions";
import {
  askForSecretInput,
  askForValueInput,
  type CreateEntryLinkInput,
  type DestinationOption,
} from "@/lib/entry-links/schema";
import { type SubKind, subKinds } from "@/lib/secrets/kinds/registry";

const texts = {
  automate_unavailable: "Automate is not available, so no link was created. Try again in a moment.",
  locked:
    "In this fabric, only an Admin with a recent sign-in may allow destinations. Choose none, or ask an Admin.",
  unknown_destination: "A connection was changed meanwhile. Reload the page and choose again.",
  refused: "Automate refused this. Reload the page: the secret may have been deleted.",
};

/** Creates a link by which somebody outside enters a value: of this secret, or of a new one. */
export function CreateEntryLinkButton({
  fabricId,
  secret,
  options,
  authorities,
  startsOpen = false,
}: {
  fabricId: string;
  secret: { id: string; name: string; subKind: SubKind; connections: number } | null;
  options: readonly DestinationOption[];
  authorities: Readonly<Record<string, string>>;
  startsOpen?: boolean;
}) {
  const [isOpen, setIsOpen] = useState(startsOpen);
  const schema = secret ? askForValueInput : askForSecretInput;
  // A secret that exists is named by its id, and not by the form.
  const resolver = zodResolver(schema) as unknown as Resolver<
    EntryLinkFormValues,
    unknown,
    CreateEntryLinkInput
  >;
  return (
    <>
      <Button variant="primary" icon={<Send aria-hidden />} onClick={() => setIsOpen(true)}>
        {secret ? "Ask for this value" : "Ask for a value"}
      </Button>
      <Dialog
        isOpen={isOpen}
        onClose={() => setIsOpen(false)}
        title={secret ? `Ask for the value of “${secret.name}”` : "Ask for a value"}
        description="Creates a link for somebody without an account. They enter the value once, and no screen shows it."
      >
        <ProtectedDialogForm
          resolver={resolver}
          defaultValues={{
            ...{ name: "", note: "", lifetime: "72", secretName: "", subKind: subKinds[0] },
            secretId: secret?.id ?? "",
            destinations: secret ? options.slice(0, 20).map(({ destination }) => destination) : [],
          }}
          action={(input) => createEntryLinkAction(fabricId, input)}
          texts={texts}
          outcome={({ link }, { name }) => (
            <ShownOnceLink title="Link created" link={link} toReplace="revoke this link">
              Send it to {name} yourself. Anyone who has it can enter the value once. It is shown only now.
            </ShownOnceLink>
          )}
          submitLabel="Create link"
          unguarded={["subKind", "lifetime", "destinations"]}
        >
          <EntryLinkFields secret={secret} options={options} authorities={authorities} />
        </ProtectedDialogForm>
      </Dialog>
    </>
  );
}
