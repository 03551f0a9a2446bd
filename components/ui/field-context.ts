"use client";

import { createContext, useContext } from "react";

export type FieldControl = {
  id?: string;
  "aria-describedby"?: string;
  "aria-invalid"?: true;
  "aria-required"?: true;
};

type FieldContextValue = { control: FieldControl; label: string };

export const FieldContext = createContext<FieldContextValue>({ control: {}, label: "" });

/** The ids and aria attributes that connect a control to its Field. */
export function useFieldControl(): FieldControl {
  return useContext(FieldContext).control;
}

/** The label of the surrounding Field, for naming the control's buttons. */
export function useFieldLabel(): string {
  return useContext(FieldContext).label;
}
