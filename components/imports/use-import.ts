"use client";

import { unstable_rethrow } from "next/navigation";
import { useRef, useState } from "react";
import { errorText } from "@/components/form/error-texts";
import { newKey } from "@/components/form/use-action-form";
import {
  type Choices,
  importOf,
  pastedName,
  type ShownFile,
  showFile,
} from "@/components/imports/read-import";
import { dryRunImportAction, importAction } from "@/lib/imports/actions";
import type { Imported, RowProblems } from "@/lib/imports/schema";

const noChoices: Choices = { format: null, prefix: "", names: {}, left: new Set() };

/** A file, how it is read, and what the dry run said about its rows. No value of it is kept. */
type Loaded = {
  file: File;
  choices: Choices;
  shown: ShownFile;
  problems: ReadonlyMap<number, string>;
  all: string | null;
};

/** The steps of an import: choose a file, look at its rows, import them. */
export function useImport(fabricId: string, maxBytes: number) {
  const [loaded, setLoaded] = useState<Loaded | null>(null);
  const [error, setError] = useState<string | null>(null);
  const [isBusy, setIsBusy] = useState(false);
  const [imported, setImported] = useState<Imported | null>(null);
  /** Pasted text that the person went back to edit. */
  const [pasted, setPasted] = useState<File | null>(null);
  const newest = useRef(0);
  /** The choices that the newest look began with, which the next change adds to: `loaded` may be older. */
  const latest = useRef(noChoices);
  const key = useRef<string>(undefined);

  /** Reads the file anew and asks the server about its names. A later call overtakes an earlier one. */
  async function look(file: File, choices: Choices) {
    newest.current += 1;
    latest.current = choices;
    const own = newest.current;
    const isOvertaken = () => own !== newest.current;
    setIsBusy(true);
    setError(null);
    try {
      if (file.size > maxBytes) throw new Error(tooLarge(maxBytes));
      const shown = await showFile(file, choices);
      const { secrets, connections } = shown.outline;
      const answer =
        secrets.length + connections.length > 0 ? await dryRunImportAction(fabricId, shown.outline) : null;
      if (isOvertaken()) return;
      if (answer && !answer.ok) throw new Error(errorText(answer.code));
      setLoaded({ file, choices, shown, ...byRow(answer?.value.problems ?? {}, shown) });
    } catch (failure) {
      unstable_rethrow(failure);
      if (!isOvertaken()) setError(failure instanceof Error ? failure.message : errorText("unexpected"));
    } finally {
      if (!isOvertaken()) setIsBusy(false);
    }
  }

  async function commit() {
    if (!loaded) return;
    setIsBusy(true);
    setError(null);
    key.current ??= newKey();
    try {
      const input = await importOf(loaded.file, loaded.choices, loaded.shown);
      if (new Blob([JSON.stringify(input)]).size > (maxBytes * 4) / 3) throw new Error(tooLarge(maxBytes));
      const result = await importAction(fabricId, input, key.current).catch((failure: unknown) => {
        unstable_rethrow(failure);
        return null;
      });
      if (result && (result.ok || result.code !== "outcome_unknown")) key.current = undefined;
      if (result?.ok) {
        setImported(result.value);
        setLoaded(null);
      } else if (result?.code === "rows_refused")
        setLoaded({ ...loaded, ...byRow(result.fieldErrors ?? {}, loaded.shown) });
      else setError(result?.fieldErrors?.quota ?? errorText(result?.code ?? "outcome_unknown", texts));
    } catch (failure) {
      unstable_rethrow(failure);
      setError(failure instanceof Error ? failure.message : errorText("unexpected"));
    } finally {
      setIsBusy(false);
    }
  }

  return {
    loaded,
    error,
    isBusy,
    imported,
    pasted,
    commit,
    choose: (file: File) => {
      setImported(null);
      setPasted(null);
      return look(file, noChoices);
    },
    change: (choicesFrom: (latest: Choices) => Partial<Choices>) =>
      loaded && look(loaded.file, { ...latest.current, ...choicesFrom(latest.current) }),
    forget: () => {
      newest.current += 1;
      setPasted(loaded?.file.name === pastedName ? loaded.file : null);
      setLoaded(null);
      setError(null);
      setImported(null);
      setIsBusy(false);
    },
  };
}

const texts = {
  outcome_unknown:
    "It is not known whether the rows were imported: all of them or none. Look at the list, or import again: sending again is safe.",
  invalid: "The server does not accept these rows. Nothing was imported.",
};

function tooLarge(maxBytes: number): string {
  return `The file is larger than ${Math.floor(maxBytes / 1024)} KiB. Split it, and import the parts one after the other.`;
}

/** Moves the server's sentences to the rows that the page shows. */
function byRow(problems: RowProblems, { order }: ShownFile) {
  const rows = new Map<number, string>();
  for (const [key, message] of Object.entries(problems)) {
    const [list = "", at = ""] = key.split(".");
    const row = list === "secrets" || list === "connections" ? order[list][Number(at)] : undefined;
    if (row !== undefined) rows.set(row, message);
  }
  return { problems: rows, all: problems.all ?? null };
}
