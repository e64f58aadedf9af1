import { proxyActivities } from '@temporalio/workflow';
import type { NotificationActivities } from '../../activities/ports.ts';

export const notify: NotificationActivities = proxyActivities<NotificationActivities>({
  startToCloseTimeout: '60s',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1 minute' },
  summary: 'Notify another workflow of the operation',
});
