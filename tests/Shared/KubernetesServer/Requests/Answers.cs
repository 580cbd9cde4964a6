using System.IO.Compression;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;
using Sallyport.Shared.KubernetesServer.Objects;

namespace Sallyport.Shared.KubernetesServer.Requests;

/// <summary>What an answer is to look like, as its Accept header says.</summary>
/// <param name="Yaml">YAML rather than JSON.</param>
/// <param name="As">Another kind of the same thing: <c>Table</c>, <c>PartialObjectMetadata</c>, <c>PartialObjectMetadataList</c>; null for the object itself.</param>
internal sealed record AnswerForm(bool Yaml, string? As)
{
    private static readonly string[] Kinds = ["Table", "PartialObjectMetadata", "PartialObjectMetadataList", "APIGroupDiscoveryList"];

    /// <summary>The first entry of the Accept header that can be served; protobuf and CBOR cannot.</summary>
    /// <exception cref="ApiException">406: none can.</exception>
    public static AnswerForm Of(HttpRequest request)
    {
        if (request.Headers.Accept.Count == 0)
            return new AnswerForm(false, null);
        if (!MediaTypeHeaderValue.TryParseList(request.Headers.Accept, out IList<MediaTypeHeaderValue>? entries))
            throw ApiException.NotAcceptable();
        foreach (MediaTypeHeaderValue entry in entries)
        {
            bool yaml = entry.MediaType.Equals("application/yaml", StringComparison.OrdinalIgnoreCase);
            if (!yaml && entry.MediaType.Value is not ("application/json" or "*/*" or "application/*" or "application/json;stream=watch"))
                continue;
            string? kind = Parameter(entry, "as");
            if (kind is not null && !Kinds.Contains(kind))
                continue;
            if (kind is "Table" or "PartialObjectMetadata" or "PartialObjectMetadataList" && Parameter(entry, "v") is not ("v1" or "v1beta1"))
                continue;
            if (kind == "APIGroupDiscoveryList" && Parameter(entry, "v") is not ("v2" or "v2beta1"))
                continue;
            return new AnswerForm(yaml, kind);
        }

        throw ApiException.NotAcceptable();
    }

    private static string? Parameter(MediaTypeHeaderValue entry, string name) =>
        entry.Parameters.FirstOrDefault(p => p.Name.Equals(name, StringComparison.OrdinalIgnoreCase))?.Value.Value;
}

/// <summary>Writes answers.</summary>
internal static class Answers
{
    // kube-apiserver compresses what is larger than this, when asked to (defaultGzipThresholdBytes).
    private const int CompressFrom = 128 * 1024;

    /// <summary>Answers with an object in the form asked for.</summary>
    public static async Task WriteAsync(HttpContext context, JsonNode value, int status = 200, bool yaml = false, string? contentType = null)
    {
        byte[] bytes = yaml ? Bodies.Yaml(value) : JsonSerializer.SerializeToUtf8Bytes(value, Bodies.Relaxed);
        context.Response.StatusCode = status;
        context.Response.ContentType = contentType ?? (yaml ? "application/yaml" : "application/json");
        context.Response.Headers.CacheControl = "no-cache, private";
        if (bytes.Length > CompressFrom && context.Request.Headers.AcceptEncoding.ToString().Contains("gzip", StringComparison.Ordinal))
        {
            using var small = new MemoryStream();
            await using (var gzip = new GZipStream(small, CompressionLevel.Fastest, leaveOpen: true))
                await gzip.WriteAsync(bytes, context.RequestAborted);
            context.Response.Headers.ContentEncoding = "gzip";
            context.Response.Headers.Vary = "Accept-Encoding";
            bytes = small.ToArray();
        }

        context.Response.ContentLength = bytes.Length;
        await context.Response.Body.WriteAsync(bytes, context.RequestAborted);
    }

    /// <summary>Answers with a refusal.</summary>
    public static Task WriteAsync(HttpContext context, ApiException refusal) => WriteAsync(context, refusal.Status(), refusal.Code);

    /// <summary>Answers with words.</summary>
    public static async Task WriteTextAsync(HttpContext context, string text, int status = 200)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain; charset=utf-8";
        await context.Response.WriteAsync(text, context.RequestAborted);
    }
}
