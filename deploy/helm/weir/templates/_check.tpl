{{- /*
What values.schema.json cannot say: rules across values. Each says what to do, and none repeats a
value that may be a secret. Takes root, name and service (whole).
*/ -}}
{{- define "weir.check" -}}
{{- $service := .service }}
{{- $where := printf "services.%s" .name }}
{{- $replicas := int $service.replicas }}
{{- if $service.autoscaling.enabled }}
{{- $replicas = int $service.autoscaling.max }}
{{- range tuple "group" "input" }}
{{- if not (hasKey $service.options .) }}
{{- fail (printf "%s.autoscaling: follows the lag of a consumer group, and options.%s is not set" $where .) }}
{{- end }}
{{- end }}
{{- if gt (int $service.autoscaling.min) $replicas }}
{{- fail (printf "%s.autoscaling: min %d is more than max %d" $where (int $service.autoscaling.min) $replicas) }}
{{- end }}
{{- end }}
{{- with $service.replicasNeed }}
{{- if and (gt $replicas 1) (not (index $service.options .)) }}
{{- fail (printf "%s: %d replicas need options.%s, by which they share the work" $where $replicas .) }}
{{- end }}
{{- end }}
{{- with $service.options.listen }}
{{- $numbers := list }}
{{- range $service.ports }}{{ $numbers = append $numbers (include "weir.text" .) }}{{ end }}
{{- if not (has (regexFind "[0-9]+$" .) $numbers) }}
{{- fail (printf "%s.options.listen: %s, and ports are %s; they have to agree" $where . (join ", " $numbers | default "none")) }}
{{- end }}
{{- end }}
{{- range $label, $_ := $service.labels }}
{{- if hasPrefix "app.kubernetes.io/" $label }}
{{- fail (printf "%s.labels.%s: the chart's own, by which pods are selected" $where $label) }}
{{- end }}
{{- end }}
{{- if hasKey $service.ports "admin" }}
{{- fail (printf "%s.ports.admin: the chart's own, for probes and metrics" $where) }}
{{- end }}
{{- range $option, $value := $service.options }}
{{- if has $option (list "admin" "stop-timeout") }}
{{- fail (printf "%s.options.%s: the chart sets it%s" $where $option (eq $option "admin" | ternary "" "; give stopSeconds")) }}
{{- end }}
{{- if regexMatch "(^|-)(password|secret|secrets|token|auth)$" $option }}
{{- fail (printf "%s.options.%s: a secret; put it into a Secret and name it: secrets: {%s: {name: SECRET, key: KEY}}" $where $option $option) }}
{{- end }}
{{- if kindIs "slice" $value }}
{{- range $value }}
{{- if regexMatch "[;\n]" (toString .) }}
{{- fail (printf "%s.options.%s: an item of a list has \";\" or a line end, which would part it" $where $option) }}
{{- end }}
{{- end }}
{{- end }}
{{- if eq $option "kafka" }}
{{- range kindIs "slice" $value | ternary $value (list $value) }}
{{- $key := regexReplaceAll "=(.|\n)*" (toString .) "" }}
{{- if regexMatch "password|secret|jaas|ssl.key.pem|oauthbearer.config|ssl_key" $key }}
{{- fail (printf "%s.options.kafka: %s is a secret; put the line into a Secret and name it: secrets: {kafka-secrets: {name: SECRET, key: KEY}}" $where $key) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- /* The same for the whole installation. */ -}}
{{- define "weir.checkAll" -}}
{{- if hasKey .Values.services "topics" }}
{{- fail "services.topics: the name is taken by the job that creates what `topics` lists; its options are programs.topics.options" }}
{{- end }}
{{- if and .Values.podMonitor.enabled .Values.networkPolicy.enabled (not .Values.networkPolicy.metricsFrom) }}
{{- fail "podMonitor.enabled: the NetworkPolicy lets nobody ask for metrics; name Prometheus in networkPolicy.metricsFrom" }}
{{- end }}
{{- end }}
