import { Button, Paper } from '@mantine/core';
import type { RowData } from '@tanstack/react-table';
import { useWords } from '../i18n/language.js';
import { DataTable, type DataTableProps } from './data-table.js';
import { Failure } from './failure.js';

export interface PagedTableProps<Row extends RowData> extends DataTableProps<Row> {
  /** Where the rows come from. */
  list: {
    error: Error | null;
    isPending: boolean;
    hasNextPage: boolean;
    isFetchingNextPage: boolean;
    refetch: () => Promise<unknown>;
    fetchNextPage: () => Promise<unknown>;
  };
}

/** A table of what is listed page after page, with why it cannot be and the way to its next page. */
export function PagedTable<Row extends RowData>({ list, ...table }: PagedTableProps<Row>) {
  const words = useWords();
  return (
    <>
      {list.error ? <Failure error={list.error} retry={() => void list.refetch()} /> : null}
      <Paper withBorder>{list.isPending ? null : <DataTable {...table} />}</Paper>
      {list.hasNextPage ? (
        <Button variant="default" loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
          {words.more}
        </Button>
      ) : null}
    </>
  );
}
