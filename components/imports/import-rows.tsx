"use client";

import { useState } from "react";
import { ImportTable } from "@/components/imports/import-table";
import { importedText } from "@/components/imports/imported-text";
import { type Choices, pastedName, type ShownFile } from "@/components/imports/read-import";
import { Banner } from "@/components/ui/banner";
import { Button } from "@/components/ui/button";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { Select } from "@/components/ui/select";
import { importFormatKeys, importFormats } from "@/lib/imports/formats/row";

const formatOptions = importFormatKeys.map((value) => ({ value, label: importFormats[value] }));

/** The rows of a file before they are imported. */
export function ImportRows({
  file,
  choices,
  shown,
  problems,
  all,
  isBusy,
  onChange,
  onImport,
  onForget,
}: {
  file: File;
  choices: Choices;
  shown: ShownFile;
  /** What the server said, by the number of the row. */
  problems: ReadonlyMap<number, string>;
  all: string | null;
  isBusy: boolean;
  onChange: (choicesFrom: (latest: Choices) => Partial<Choices>) => void;
  onImport: () => void;
  onForget: () => void;
}) {
  const [isFiltered, setIsFiltered] = useState(false);
  const rows = shown.rows.map((row) => ({ ...row, problem: row.problem ?? problems.get(row.at) ?? null }));
  const wrong = rows.filter(({ problem }) => problem !== null);
  const open = wrong.filter(({ at }) => !choices.left.has(at));
  const chosen = rows.filter(({ at, problem }) => problem === null && !choices.left.has(at));
  const count = (noun: string) => chosen.filter((row) => row.noun === noun).length;
  const counts = { secrets: count("secret"), connections: count("connection") };
  const isReady = open.length === 0 && chosen.length > 0 && all === null;

  function leave(numbers: readonly number[], isLeft: boolean) {
    onChange((latest) => {
      const left = new Set(latest.left);
      for (const at of numbers) isLeft ? left.add(at) : left.delete(at);
      return { left };
    });
  }

  return (
    <div className="flex flex-col gap-4" aria-busy={isBusy || undefined}>
      <div className="flex flex-wrap items-end gap-x-4 gap-y-3">
        <div className="min-w-0 flex-1 basis-60">
          <p className="wrap-anywhere font-medium">{file.name === pastedName ? "Pasted text" : file.name}</p>
          <p className="text-muted text-sm" role="status">
            {rows.length} {rows.length === 1 ? "row" : "rows"},{" "}
            {wrong.length === 0 ? "none with a problem" : `${wrong.length} with a problem`}
          </p>
        </div>
        <div className="w-full sm:w-56">
          <Field label="Format" isRequired>
            <Select
              options={formatOptions}
              value={shown.format}
              onChange={({ target }) =>
                onChange(() => ({
                  ...afresh,
                  format: importFormatKeys.find((key) => key === target.value) ?? null,
                }))
              }
            />
          </Field>
        </div>
        <div className="w-full sm:w-44">
          <Field label="Prefix for names">
            <Input
              defaultValue={choices.prefix}
              maxLength={64}
              placeholder="db.orders."
              onBlur={({ target }) =>
                target.value !== choices.prefix && onChange(() => ({ ...afresh, prefix: target.value }))
              }
            />
          </Field>
        </div>
        <Button onClick={onForget}>
          {file.name === pastedName ? "Edit the text" : "Choose another file"}
        </Button>
      </div>
      {shown.notes.length > 0 && <Banner tone="info">{shown.notes.join(" ")}</Banner>}
      {all && (
        <Banner tone="danger" isLive>
          {all}
        </Banner>
      )}
      {wrong.length > 0 && (
        <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
          <Button size="sm" aria-pressed={isFiltered} onClick={() => setIsFiltered(!isFiltered)}>
            {isFiltered ? "Show all rows" : "Show only problems"}
          </Button>
          {open.length > 0 && (
            <Button
              size="sm"
              onClick={() =>
                leave(
                  open.map(({ at }) => at),
                  true,
                )
              }
            >
              {open.length === 1
                ? "Leave out the row with a problem"
                : `Leave out the ${open.length} rows with problems`}
            </Button>
          )}
        </div>
      )}
      <ImportTable
        key={String(isFiltered)}
        rows={isFiltered ? wrong : rows}
        left={choices.left}
        onLeave={(at, isLeft) => leave([at], isLeft)}
        onName={(at, name) => onChange(({ names }) => ({ names: { ...names, [at]: name } }))}
      />
      <div className="sticky bottom-0 z-10 -mx-1 flex flex-wrap items-center gap-x-4 gap-y-2 border-line border-t bg-canvas px-1 py-3">
        <Button variant="primary" isPending={isBusy} disabled={!isReady} onClick={onImport}>
          {chosen.length === 0 ? "Import" : `Import ${importedText(counts)}`}
        </Button>
        <p className="text-muted text-sm" aria-live="polite">
          {open.length > 0
            ? open.length === 1
              ? "One row has a problem: correct it, or leave it out."
              : `${open.length} rows have a problem: correct what you can, and leave the others out.`
            : "All rows are stored together, or none."}
        </p>
      </div>
    </div>
  );
}

/** Rows have other numbers when the file is read in another way. */
const afresh = { names: {}, left: new Set<number>() };
