import type { TaskKind } from '@grok2api/contracts';
import { Drawer } from '@mantine/core';
import type { Session } from '../../api/session.js';
import { useWords } from '../../i18n/language.js';
import { TaskDetails } from './task-details.js';

export interface TaskDrawerProps {
  kind: TaskKind;
  /** Of the task that is open, if one is. */
  taskId: string | undefined;
  session: Session;
  onClose: () => void;
}

/** One task, beside the table. */
export function TaskDrawer({ kind, taskId, session, onClose }: TaskDrawerProps) {
  const words = useWords();
  return (
    <Drawer
      opened={taskId !== undefined}
      onClose={onClose}
      position="right"
      size="lg"
      title={words.tasks.one}
      closeButtonProps={{ 'aria-label': words.close }}
    >
      {taskId === undefined ? null : (
        <TaskDetails key={taskId} kind={kind} taskId={taskId} isAdmin={session.admin} onGone={onClose} />
      )}
    </Drawer>
  );
}
