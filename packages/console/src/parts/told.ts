import { notifications } from '@mantine/notifications';

const DONE_MS = 5_000;
const FAILED_MS = 15_000;

/** Says at the edge of the page that something was done. */
export function tellDone(message: string): void {
  notifications.show({ message, color: 'teal', withCloseButton: false, autoClose: DONE_MS });
}

/** Says that something could not be done, and why. */
export function tellFailed(error: Error): void {
  notifications.show({
    message: error.message,
    color: 'red',
    role: 'alert',
    withCloseButton: false,
    autoClose: FAILED_MS,
  });
}
