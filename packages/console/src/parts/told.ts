import { notifications } from '@mantine/notifications';

/** Says at the edge of the page that something was done. */
export function tellDone(message: string): void {
  notifications.show({ message, color: 'teal' });
}

/** Says that something could not be done, and why. */
export function tellFailed(error: Error): void {
  notifications.show({ message: error.message, color: 'red', role: 'alert' });
}
