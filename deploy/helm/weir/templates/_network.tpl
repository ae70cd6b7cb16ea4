{{- /* The ports of a connection: those given, or those in its address (HOST:PORT, lists, URLs). */ -}}
{{- define "weir.ports" -}}
{{- if .ports }}
{{- range .ports }}
- {protocol: TCP, port: {{ . }}}
{{- end }}
{{- else }}
{{- $found := regexFindAll ":[0-9]+(,|/|$)" .address -1 | uniq }}
{{- if not $found }}
{{- fail (printf "connections: the address of %s names no port for the NetworkPolicy; add it, or give `ports`" .option) }}
{{- end }}
{{- range $found }}
- {protocol: TCP, port: {{ regexFind "[0-9]+" . }}}
{{- end }}
{{- end }}
{{- end }}

{{- /* What a service may say and hear: its connections, names, its own ports, its metrics. */ -}}
{{- define "weir.policy" -}}
{{- $policy := .root.Values.networkPolicy }}
podSelector:
  matchLabels:
    {{- include "weir.selector" . | trim | nindent 4 }}
policyTypes: [Ingress, Egress]
{{- if or .service.ports $policy.metricsFrom }}
ingress:
  {{- with .service.ports }}
  - ports:
      {{- range . }}
      - {protocol: TCP, port: {{ . }}}
      {{- end }}
    {{- with $.service.from }}
    from:
      {{- toYaml . | nindent 6 }}
    {{- end }}
  {{- end }}
  {{- with $policy.metricsFrom }}
  - ports:
      - {protocol: TCP, port: {{ include "weir.adminPort" $ }}}
    from:
      {{- toYaml . | nindent 6 }}
  {{- end }}
{{- end }}
egress:
  - ports:
      {{- range $policy.dnsPorts }}
      - {protocol: UDP, port: {{ . }}}
      - {protocol: TCP, port: {{ . }}}
      {{- end }}
  {{- range $name, $connection := .service.connections }}
  - ports:
      {{- include "weir.ports" $connection | trim | nindent 6 }}
    {{- with $connection.to }}
    to:
      {{- toYaml . | nindent 6 }}
    {{- end }}
  {{- end }}
{{- end }}
