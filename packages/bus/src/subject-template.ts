/** What varies in subjects: a task's id, and the id of a process. */
const ID = /^(grok\.(?:progress|cancel)\.)[^.]+$|^(grok\.ops\.[^.]+\.)[^.]+(\.metrics)$/;

/** A subject with `*` in the place of its ids: few enough to count by. */
export function subjectTemplate(subject: string): string {
  return subject.replace(ID, (_all, task = '', ops = '', end = '') => `${task}${ops}*${end}`);
}
