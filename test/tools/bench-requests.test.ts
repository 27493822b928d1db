import { describe, expect, it } from 'vitest';
import {
  addRequests,
  CLIENT_GO_REQUESTS,
  OUR_REQUESTS,
  readRequests,
  requestsBetween,
  TEMPORAL_CALLS,
  totalOf,
  WATCHES,
} from '../../tools/bench/requests.ts';

const OURS = `
# HELP stillpoint_kubernetes_requests_total Requests to the Kubernetes API server.
# TYPE stillpoint_kubernetes_requests_total counter
stillpoint_kubernetes_requests_total{verb="watch",resource="pods",code="200"} 4
stillpoint_kubernetes_requests_total{verb="patch",resource="persistentvolumeclaims",code="200"} 3
stillpoint_kubernetes_requests_total{verb="patch",resource="persistentvolumeclaims",code="409"} 1
stillpoint_watch_relists_total{resource="pods",reason="start"} 1
process_cpu_seconds_total 12.5
`;

describe('requests to the API server', () => {
  it('are counted by verb and resource, refused ones apart, watches not at all', () => {
    expect([...readRequests(OURS, OUR_REQUESTS)]).toEqual([
      ['patch persistentvolumeclaims', 3],
      ['patch persistentvolumeclaims → 409', 1],
    ]);
  });

  it("of VolSync's are counted by method, over all codes and hosts", () => {
    const text = [
      'rest_client_requests_total{code="200",host="127.0.0.1:6443",method="GET"} 7',
      'rest_client_requests_total{code="404",host="127.0.0.1:6443",method="GET"} 2',
      'rest_client_requests_total{code="201",host="127.0.0.1:6443",method="POST"} 1',
    ].join('\n');
    expect([...readRequests(text, CLIENT_GO_REQUESTS)]).toEqual([
      ['GET', 9],
      ['POST', 1],
    ]);
  });

  it('of several programs are added up', () => {
    const sum = addRequests([
      new Map([['get secrets', 2]]),
      new Map([
        ['get secrets', 3],
        ['log pods', 1],
      ]),
    ]);
    expect(Object.fromEntries(sum)).toEqual({ 'get secrets': 5, 'log pods': 1 });
  });

  it('between two readings are those made meanwhile, the most frequent first', () => {
    const before = new Map([
      ['get secrets', 5],
      ['list pods', 1],
    ]);
    const after = new Map([
      ['list pods', 1],
      ['get secrets', 6],
      ['create jobs', 4],
    ]);
    const made = requestsBetween(before, after);
    expect([...made]).toEqual([
      ['create jobs', 4],
      ['get secrets', 1],
    ]);
    expect(totalOf(made)).toBe(5);
  });
});

describe('what waiting costs', () => {
  it('in watches is one for each kind, however often one was renewed', () => {
    expect(totalOf(readRequests(OURS, WATCHES))).toBe(1);
  });

  it("in calls to Temporal leaves out the polls of workers, and Temporal's own", () => {
    const text = [
      'service_requests{namespace="default",operation="RecordActivityTaskHeartbeat",service_name="frontend"} 3',
      'service_requests{namespace="default",operation="PollWorkflowTaskQueue",service_name="frontend"} 90',
      'service_requests{namespace="default",operation="RecordActivityTaskHeartbeat",service_name="history"} 3',
      'service_requests{namespace="temporal_system",operation="DescribeNamespace",service_name="frontend"} 8',
    ].join('\n');
    expect([...readRequests(text, TEMPORAL_CALLS)]).toEqual([['RecordActivityTaskHeartbeat', 3]]);
  });
});
