"""python3-kubernetes: KUBECONFIG NAME. Says done at the end."""

import sys
import threading

from kubernetes import client, config, watch
from kubernetes.stream import portforward, stream

kubeconfig, name = sys.argv[1:]
config.load_kube_config(kubeconfig)
core = client.CoreV1Api()
space = "shop"

assert "web-0" in [pod.metadata.name for pod in core.list_namespaced_pod(space).items]
assert core.list_namespaced_pod(space, limit=1).metadata._continue

made = core.create_namespaced_config_map(space, client.V1ConfigMap(metadata=client.V1ObjectMeta(name=name), data={"colour": "red"}))
seen = []


def look():
    for event in watch.Watch().stream(core.list_namespaced_config_map, space, field_selector=f"metadata.name={name}", resource_version=made.metadata.resource_version, timeout_seconds=60):
        seen.append((event["type"], event["object"].data["colour"]))
        return


watching = threading.Thread(target=look)
watching.start()
core.patch_namespaced_config_map(name, space, {"data": {"colour": "green"}})
watching.join(60)
assert seen == [("MODIFIED", "green")], seen
core.delete_namespaced_config_map(name, space)
try:
    core.read_namespaced_config_map(name, space)
    raise AssertionError("it is still there")
except client.ApiException as gone:
    assert gone.status == 404, gone

run = stream(core.connect_get_namespaced_pod_exec, "web-0", space, container="app", command=["sh", "-c", "echo $COLOUR; echo wrong >&2; exit 7"], stdout=True, stderr=True, _preload_content=False)
run.run_forever(timeout=60)
assert (run.read_stdout(), run.read_stderr(), run.returncode) == ("blue\n", "wrong\n", 7)

forward = portforward(core.connect_get_namespaced_pod_portforward, "web-0", space, ports="8080")
port = forward.socket(8080)
port.setblocking(True)
port.settimeout(30)
port.sendall(b"GET /hello HTTP/1.0\r\n\r\n")
answer = port.recv(4096)
assert answer.startswith(b"HTTP/1."), answer
assert forward.error(8080) is None
print("done")
