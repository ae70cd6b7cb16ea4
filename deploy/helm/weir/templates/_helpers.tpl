{{- /* The admin port of every service: probes and metrics. */ -}}
{{- define "weir.adminPort" }}8080{{ end }}

{{- define "weir.selector" -}}
app.kubernetes.io/name: {{ .name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- end }}

{{- /* Of pods: nothing that changes with the chart's version, or every upgrade starts all anew. */ -}}
{{- define "weir.podLabels" -}}
{{ include "weir.selector" . }}
app.kubernetes.io/part-of: weir
{{- end }}

{{- define "weir.labels" -}}
{{ include "weir.podLabels" . }}
app.kubernetes.io/version: {{ regexFind "^[^@]+" .service.tag | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ .root.Chart.Name }}-{{ .root.Chart.Version | replace "+" "_" }}
{{- end }}

{{- /* Short enough for the labels that a StatefulSet makes of it. */ -}}
{{- define "weir.fullname" -}}
{{- $name := printf "%s-%s" .root.Release.Name .name }}
{{- if gt (len $name) 52 }}
{{- fail (printf "services.%s: the name %s has more than 52 characters; choose a shorter release or service name" .name $name) }}
{{- end }}
{{- $name }}
{{- end }}

{{- /* A number as a person writes it: values are floats, and 1e7 would come out as 1e+07. */ -}}
{{- define "weir.text" -}}
{{- if and (kindIs "float64" .) (eq (floor .) .) }}{{ printf "%.0f" . }}{{ else }}{{ . }}{{ end }}
{{- end }}

{{- define "weir.variable" -}}
WEIR_{{ . | upper | replace "-" "_" }}
{{- end }}

{{- /*
One service, whole: what it connects to, the defaults, what its program is, its own values.
Takes root, name, own and job; `options` are all it gets, `connections` those it connects to. A job
has no admin server, and what every service is given is no option of it.
*/ -}}
{{- define "weir.service" -}}
{{- $values := .root.Values }}
{{- $program := .own.program | default .name }}
{{- if not (hasKey $values.programs $program) }}
{{- fail (printf "services.%s: no program is called %s, expected one of %s (a new one is an entry of `programs`)" .name $program (keys $values.programs | sortAlpha | join ", ")) }}
{{- end }}
{{- $defaults := deepCopy $values.defaults }}
{{- if .job }}{{ $_ := set $defaults "options" dict }}{{ end }}
{{- $service := mergeOverwrite $defaults (deepCopy (index $values.programs $program)) (deepCopy .own) }}
{{- $options := dict }}
{{- $secrets := dict }}
{{- $files := dict }}
{{- $connections := dict }}
{{- range $service.connects }}
{{- if not (hasKey $values.connections .) }}
{{- fail (printf "services.%s.connects: no connection is called %s, expected one of %s" $.name . (keys $values.connections | sortAlpha | join ", ")) }}
{{- end }}
{{- $connection := index $values.connections . }}
{{- if not $connection.address }}
{{- fail (printf "connections.%s.address: %s needs it and it is empty; give --set connections.%s.address=..." . $.name .) }}
{{- end }}
{{- $_ := set $connections . $connection }}
{{- $_ := set $options $connection.option $connection.address }}
{{- $options = mergeOverwrite $options (deepCopy ($connection.options | default dict)) }}
{{- $secrets = mergeOverwrite $secrets (deepCopy ($connection.secrets | default dict)) }}
{{- $files = mergeOverwrite $files (deepCopy ($connection.files | default dict)) }}
{{- end }}
{{- $_ := set $service "program" $program }}
{{- $_ := set $service "connections" $connections }}
{{- $_ := set $service "options" (mergeOverwrite $options $service.options) }}
{{- $_ := set $service "secrets" (mergeOverwrite $secrets $service.secrets) }}
{{- $_ := set $service "files" (mergeOverwrite $files $service.files) }}
{{- $_ := set $service "tag" ($service.tag | default $values.image.tag | default .root.Chart.AppVersion) }}
{{- include "weir.check" (dict "root" .root "name" .name "service" $service) }}
{{- toYaml $service }}
{{- end }}

{{- /* All services that are enabled, by name. */ -}}
{{- define "weir.services" -}}
{{- range $name, $own := .Values.services }}
{{- $service := include "weir.service" (dict "root" $ "name" $name "own" $own) | fromYaml }}
{{- if $service.enabled }}
{{ $name }}:
  {{- toYaml $service | nindent 2 }}
{{- end }}
{{- end }}
{{- end }}
