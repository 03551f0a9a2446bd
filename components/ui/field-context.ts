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

/** The ids and aria attributes that tie a control to the Field around it. */
export function useFieldControl(): FieldControl {
  return useContext(FieldContext).control;
}

/** The label of the Field around a control, for naming the buttons beside it. */
export function useFieldLabel(): string {
  return useContext(FieldContext).label;
}
