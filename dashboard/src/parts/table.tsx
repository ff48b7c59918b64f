import {
  type ColumnDef, flexRender, getCoreRowModel, getSortedRowModel, type RowData, type SortingState, useReactTable,
} from "@tanstack/react-table";
import { type ReactNode, useState } from "react";
import { Icon } from "./icons";

declare module "@tanstack/react-table" {
  // The parameters are the library's.
  // eslint-disable-next-line @typescript-eslint/no-unused-vars
  interface ColumnMeta<TData extends RowData, TValue> {
    number?: boolean;
    hide?: "phone";
  }
}

export type Column<T> = ColumnDef<T, any>;

/** Rows shown before someone asks for more. */
const STEP = 50;

interface Props<T> {
  label: string;
  columns: Column<T>[];
  rows: T[];
  empty: ReactNode;
  /** Loads the list's next page, when it has one. */
  more?: () => void;
  initialSort?: SortingState;
}

export function Table<T>({ label, columns, rows, empty, more, initialSort = [] }: Props<T>) {
  const [sorting, setSorting] = useState<SortingState>(initialSort);
  const [shown, setShown] = useState(STEP);
  const table = useReactTable({
    data: rows, columns, state: { sorting }, onSortingChange: setSorting,
    getCoreRowModel: getCoreRowModel(), getSortedRowModel: getSortedRowModel(), sortDescFirst: true,
  });
  if (rows.length === 0) return <>{empty}</>;
  const all = table.getRowModel().rows;
  const hidden = all.length - shown;
  return (
    <>
      <div className="table-scroll">
        <table aria-label={label}>
          <thead>
            <tr>
              {table.getFlatHeaders().map((header) => {
                const sorted = header.column.getIsSorted();
                const meta = header.column.columnDef.meta;
                const title = flexRender(header.column.columnDef.header, header.getContext());
                return (
                  <th key={header.id} className={classes(meta)} aria-sort={sorted ? (sorted === "asc" ? "ascending" : "descending") : undefined}>
                    {header.column.getCanSort()
                      ? <button type="button" onClick={header.column.getToggleSortingHandler()}>{title}<SortMark sorted={sorted} /></button>
                      : title}
                  </th>
                );
              })}
            </tr>
          </thead>
          <tbody>
            {all.slice(0, shown).map((row) => (
              <tr key={row.id}>
                {row.getVisibleCells().map((cell) => (
                  <td key={cell.id} className={classes(cell.column.columnDef.meta)}>
                    {flexRender(cell.column.columnDef.cell, cell.getContext())}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {(hidden > 0 || more) && (
        <div className="table-foot">
          <span>{Math.min(shown, all.length)} shown</span>
          <button type="button" className="button small" onClick={() => {
            setShown(shown + STEP);
            if (hidden <= STEP) more?.();
          }}>Show more</button>
        </div>
      )}
    </>
  );
}

function SortMark({ sorted }: { sorted: false | "asc" | "desc" }) {
  if (!sorted) return null;
  return <span style={{ transform: sorted === "asc" ? "rotate(180deg)" : undefined }}><Icon name="expand" size={12} /></span>;
}

function classes(meta: { number?: boolean; hide?: "phone" } | undefined): string {
  return [meta?.number && "number", meta?.hide && "hide-phone"].filter(Boolean).join(" ");
}
