import { Checkbox, Table, Text } from '@mantine/core';
import {
  type ColumnDef,
  type RowData,
  type RowSelectionState,
  rowSelectionFeature,
  tableFeatures,
  useTable,
} from '@tanstack/react-table';
import { useWords } from '../i18n/language.js';

const features = tableFeatures({ rowSelectionFeature });

/** A column of the console's tables. */
export type Column<Row extends RowData> = ColumnDef<typeof features, Row>;

export interface DataTableProps<Row extends RowData> {
  /** For screen readers. */
  label: string;
  columns: Column<Row>[];
  rows: Row[];
  idOf: (row: Row) => string;
  /** What a row is called where it is selected. */
  nameOf: (row: Row) => string;
  empty: string;
  /** Rows that are chosen; without it none can be. */
  selection?: { chosen: RowSelectionState; choose: (chosen: RowSelectionState) => void };
  onOpen?: (row: Row) => void;
}

/** A table of what the server has listed; wider than the screen it scrolls on its own. */
export function DataTable<Row extends RowData>(props: DataTableProps<Row>) {
  const { label, columns, rows, idOf, nameOf, empty, selection, onOpen } = props;
  const words = useWords();
  const table = useTable({
    features,
    columns,
    data: rows,
    getRowId: idOf,
    enableRowSelection: selection !== undefined,
    state: { rowSelection: selection?.chosen ?? {} },
    onRowSelectionChange: (change) =>
      selection?.choose(typeof change === 'function' ? change(selection.chosen) : change),
  });
  if (rows.length === 0) {
    return (
      <Text c="dimmed" ta="center" py="xl">
        {empty}
      </Text>
    );
  }
  return (
    <Table.ScrollContainer minWidth={860} type="native" tabIndex={0} role="region" aria-label={label}>
      <Table verticalSpacing="xs" highlightOnHover={onOpen !== undefined} aria-label={label}>
        <Table.Thead>
          {table.getHeaderGroups().map((group) => (
            <Table.Tr key={group.id}>
              {selection ? (
                <Table.Th w={40}>
                  <Checkbox
                    aria-label={words.table.chooseAll}
                    checked={table.getIsAllRowsSelected()}
                    indeterminate={table.getIsSomeRowsSelected()}
                    onChange={table.getToggleAllRowsSelectedHandler()}
                  />
                </Table.Th>
              ) : null}
              {group.headers.map((header) => (
                <Table.Th key={header.id}>
                  <table.FlexRender header={header} />
                </Table.Th>
              ))}
            </Table.Tr>
          ))}
        </Table.Thead>
        <Table.Tbody>
          {table.getRowModel().rows.map((row) => (
            <Table.Tr
              key={row.id}
              {...(onOpen ? { className: 'row', onClick: () => onOpen(row.original) } : {})}
              {...(row.getIsSelected() ? { bg: 'var(--mantine-primary-color-light)' } : {})}
            >
              {selection ? (
                <Table.Td onClick={(event) => event.stopPropagation()}>
                  <Checkbox
                    aria-label={words.table.choose(nameOf(row.original))}
                    checked={row.getIsSelected()}
                    onChange={row.getToggleSelectedHandler()}
                  />
                </Table.Td>
              ) : null}
              {row.getAllCells().map((cell) => (
                <Table.Td key={cell.id}>
                  <table.FlexRender cell={cell} />
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
