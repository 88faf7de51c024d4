"""How the peers are told to proxy: kept connections on both sides, nothing buffered, no access log, one worker."""
from . import process
from .gateway import MODEL

CONNECTIONS = process.most_connections()


def nginx(home, port, upstream):
    return f"""
daemon off;
master_process off;
pid {home}/nginx.pid;
error_log {home}/error.log error;
events {{ worker_connections {2 * CONNECTIONS}; }}
http {{
    access_log off;
    keepalive_requests 1000000000;
    keepalive_timeout 600;
    client_max_body_size 0;
    client_body_buffer_size 64k;
    client_body_temp_path {home}/body; proxy_temp_path {home}/proxy; fastcgi_temp_path {home}/fastcgi;
    uwsgi_temp_path {home}/uwsgi; scgi_temp_path {home}/scgi;
    upstream provider {{ server {upstream}; keepalive 1024; keepalive_requests 1000000000; }}
    server {{
        listen 127.0.0.1:{port} backlog=65535;
        location / {{
            proxy_pass http://provider; proxy_http_version 1.1; proxy_set_header Connection "";
            proxy_buffering off; proxy_request_buffering off; proxy_read_timeout 600;
        }}
    }}
}}
"""


def haproxy(port, upstream):
    return f"""
global
    maxconn {CONNECTIONS}
    nbthread 1
defaults
    mode http
    maxconn {CONNECTIONS}
    backlog 65535
    timeout connect 5s
    timeout client 600s
    timeout server 600s
    option http-keep-alive
    option http-no-delay
    http-reuse always
frontend clients
    bind 127.0.0.1:{port}
    default_backend provider
backend provider
    server one {upstream} maxconn {CONNECTIONS} pool-max-conn 1024
"""


def envoy(port, upstream):
    def address(host, number):
        return {"socket_address": {"address": host, "port_value": int(number)}}

    extension = "type.googleapis.com/envoy.extensions"
    router = {"name": "envoy.filters.http.router",
              "typed_config": {"@type": f"{extension}.filters.http.router.v3.Router", "suppress_envoy_headers": True}}
    manager = {
        "@type": f"{extension}.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "clients", "codec_type": "HTTP1", "stream_idle_timeout": "600s", "generate_request_id": False,
        "http_filters": [router],
        "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [
            {"match": {"prefix": "/"}, "route": {"cluster": "provider", "timeout": "0s"}}]}]}}
    most = {"max_connections": CONNECTIONS, "max_pending_requests": CONNECTIONS, "max_requests": CONNECTIONS}
    return {"static_resources": {
        "listeners": [{"name": "clients", "address": address("127.0.0.1", port), "tcp_backlog_size": 65535, "filter_chains": [
            {"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}]}],
        "clusters": [{"name": "provider", "type": "STATIC", "connect_timeout": "5s", "circuit_breakers": {"thresholds": [most]},
                      "load_assignment": {"cluster_name": "provider", "endpoints": [{"lb_endpoints": [
                          {"endpoint": {"address": address(*upstream.rsplit(":", 1))}}]}]}}]}}


def crabllm(port, upstream):
    return f"""
listen = "127.0.0.1:{port}"
openapi = false
[providers.openai]
kind = "openai"
base_url = "http://{upstream}/v1"
api_key = "bench"
models = ["{MODEL}"]
timeout = 600
"""


def litellm(upstream):
    return {"model_list": [{"model_name": MODEL, "litellm_params": {
                "model": f"openai/{MODEL}", "api_base": f"http://{upstream}/v1", "api_key": "bench"}}],
            "litellm_settings": {"telemetry": False, "request_timeout": 600, "num_retries": 0},
            "general_settings": {"disable_spend_logs": True}}
