// A program as somebody would write it with the generated client: compiled, never run.
import createClient from "openapi-fetch";
import type { components, paths } from "./api";

type Activity = components["schemas"]["ActivityItem"];

const api = createClient<paths>({ baseUrl: "http://localhost:8000" });

export async function longestRun(token: string): Promise<Activity | undefined> {
  const { data, error } = await api.GET("/api/v1/activities", {
    params: { query: { sport: "Run", limit: 200 } },
    headers: { Authorization: `Bearer ${token}` },
  });
  if (error) throw new Error(error.next_steps);
  return data.items.toSorted((one, other) => other.distance - one.distance).at(0);
}

export async function rename(activityId: string, name: string, version: number): Promise<number> {
  const { data, error } = await api.PATCH("/api/v1/activities/{activity_id}", {
    params: { path: { activity_id: activityId }, header: { "If-Match": `"${version}"` } },
    body: { name },
  });
  if (error) throw new Error(`${error.code}: ${error.detail}`);
  return data.version;
}

// @ts-expect-error the sport of a list is a text
void api.GET("/api/v1/activities", { params: { query: { sport: 5 } } });

// @ts-expect-error there is no such path
void api.GET("/api/v1/nothing");
