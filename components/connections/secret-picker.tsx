"use client";

import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Plus, RefreshCw } from "lucide-react";
import { useDeferredValue, useState } from "react";
import { chosenSecret, type SecretOptionsPage, secretOptions } from "@/components/connections/secret-options";
import { SecretKindIcon } from "@/components/secrets/secret-kind-icon";
import { usersText } from "@/components/secrets/users-text";
import {
  Combobox,
  ComboboxAction,
  ComboboxItem,
  ComboboxPopup,
  ComboboxTrigger,
} from "@/components/ui/combobox";
import { RelativeTime } from "@/components/ui/relative-time";
import { type SubKind, secretKinds } from "@/lib/secrets/kinds/registry";
import type { SecretOption } from "@/lib/secrets/schema";

/** Chooses a secret of a suitable type by server-side search. Never selects one automatically. */
export function SecretPicker({
  fabricId,
  fabricName,
  title,
  subKinds,
  value,
  onChange,
  onNewSecret,
  onReplaceValue,
}: {
  fabricId: string;
  /** Left out for the fabric whose page this is. */
  fabricName?: string;
  title: string;
  subKinds: readonly SubKind[];
  value: string;
  onChange: (secret: SecretOption | null) => void;
  onNewSecret: () => void;
  /** Left out where nothing of a chosen secret is to change. */
  onReplaceValue?: (secret: SecretOption) => void;
}) {
  const [isOpen, setIsOpen] = useState(false);
  const [typed, setTyped] = useState("");
  const search = useDeferredValue(typed.trim());
  const pages = useInfiniteQuery({
    // Without the former search's results as a placeholder: a fast typist could choose from them.
    ...secretOptions(fabricId, subKinds, search),
    enabled: isOpen,
  });
  const chosen = useQuery(chosenSecret(fabricId, subKinds, value));
  const current = value === "" ? null : (chosen.data ?? null);
  const items = pages.data?.pages.flatMap(({ options }) => options) ?? [];

  function show(open: boolean) {
    setIsOpen(open);
    if (!open) setTyped("");
  }

  return (
    <Combobox<SecretOption>
      items={items}
      value={value === "" ? null : (current ?? unknownSecret(value, chosen.status))}
      onValueChange={onChange}
      inputValue={typed}
      onInputValueChange={setTyped}
      open={isOpen}
      onOpenChange={show}
      itemToStringLabel={({ name }) => name}
      isItemEqualToValue={(a, b) => a.id === b.id}
    >
      <ComboboxTrigger
        placeholder="Choose a secret"
        {...(value === "" ? {} : { clearLabel: `Clear ${title}` })}
      />
      <ComboboxPopup<SecretOption>
        label={title}
        searchPlaceholder="Search secrets"
        status={statusOf(pages, items.length)}
        empty={
          pages.data && !pages.isFetching ? (
            <Empty page={pages.data.pages[0]} subKinds={subKinds} search={search} fabricName={fabricName} />
          ) : null
        }
        isBusy={pages.isFetching}
        more={
          pages.hasNextPage && (
            <ComboboxAction onClick={() => pages.fetchNextPage()}>
              {pages.isFetchingNextPage ? "Loading more …" : "Load more"}
            </ComboboxAction>
          )
        }
        footer={
          <>
            {current && onReplaceValue && (
              <ComboboxAction
                icon={<RefreshCw aria-hidden />}
                onClick={() => {
                  show(false);
                  onReplaceValue(current);
                }}
              >
                Replace value of {current.name}
              </ComboboxAction>
            )}
            <ComboboxAction
              icon={<Plus aria-hidden />}
              onClick={() => {
                show(false);
                onNewSecret();
              }}
            >
              New Secret
            </ComboboxAction>
          </>
        }
      >
        {(option) => (
          <ComboboxItem
            key={option.id}
            value={option}
            title={option.name}
            icon={<SecretKindIcon subKind={option.subKind} className="text-muted" />}
            secondary={
              <>
                {[secretKinds[option.subKind].label, usedBy(option)].filter(Boolean).join(" · ")}
                {option.lastUsedAt && (
                  <>
                    {" "}
                    · last used <RelativeTime date={option.lastUsedAt} />
                  </>
                )}{" "}
                · updated <RelativeTime date={option.updatedAt} /> by {option.updatedByName}
              </>
            }
          />
        )}
      </ComboboxPopup>
    </Combobox>
  );
}

function usedBy(option: SecretOption): string {
  const users = usersText(option);
  return users && `used by ${users}`;
}

function Empty({
  page,
  subKinds,
  search,
  fabricName = "This fabric",
}: {
  fabricName?: string | undefined;
  page: SecretOptionsPage | undefined;
  subKinds: readonly SubKind[];
  search: string;
}) {
  const types = subKinds.map((subKind) => secretKinds[subKind].label).join(" or ");
  if (page?.counts?.inFabric === 0) return `${fabricName} has no secrets yet.`;
  if (page?.counts?.ofTypes === 0)
    return `${fabricName} has no ${types} secret, and this field accepts no other type.`;
  return `No ${types} secret has “${search}” in its name.`;
}

function statusOf(
  { isError, isPaused, isFetching }: { isError: boolean; isPaused: boolean; isFetching: boolean },
  count: number,
): string | null {
  if (isError) return "The secrets could not be loaded. Close and open this list to try again.";
  if (isPaused) return "No network connection. The list loads when you are online again.";
  return isFetching && count === 0 ? "Loading secrets …" : null;
}

const unknownNames = {
  pending: "Loading …",
  error: "Name could not be loaded",
  success: "Deleted secret",
} as const;

function unknownSecret(id: string, status: keyof typeof unknownNames): SecretOption {
  return {
    id,
    name: unknownNames[status],
    subKind: "text",
    usedBy: 0,
    usedByRotations: 0,
    pipelines: 0,
    lastUsedAt: null,
    updatedAt: new Date(0).toISOString(),
    updatedByName: "",
  };
}
