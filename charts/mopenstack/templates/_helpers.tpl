{{- define "mopenstack.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "mopenstack.selector" -}}
app.kubernetes.io/name: {{ default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "mopenstack.labels" -}}
{{ include "mopenstack.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "mopenstack.tokenSecret" -}}
{{- default (printf "%s-admin" (include "mopenstack.fullname" .)) .Values.adminTokenSecret -}}
{{- end -}}

{{- define "mopenstack.storeSecret" -}}
{{- default (printf "%s-store" (include "mopenstack.fullname" .)) .Values.postgresql.existingSecret -}}
{{- end -}}

{{- define "mopenstack.hasStore" -}}
{{- if or .Values.postgresql.url .Values.postgresql.existingSecret }}true{{ end -}}
{{- end -}}
