export const ENDPOINT_STATUSES = ['active', 'disabled', 'removed'] as const;
export type EndpointStatus = (typeof ENDPOINT_STATUSES)[number];

export const DELIVERY_STATUSES = ['queued', 'retrying', 'delivered', 'suspended', 'redacted'] as const;
export type DeliveryStatus = (typeof DELIVERY_STATUSES)[number];
