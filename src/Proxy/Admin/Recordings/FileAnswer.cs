using Microsoft.AspNetCore.Http;

namespace Sallyport.Proxy.Admin.Recordings;

/// <summary>Answers with a file as long as it was when it was opened: a recording may still grow, and a part of its next chunk would look like damage.</summary>
internal sealed class FileAnswer(string path, string name, string contentType) : IResult
{
    private const int Piece = 128 << 10;

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var options = new FileStreamOptions { Access = FileAccess.Read, Share = FileShare.ReadWrite | FileShare.Delete, BufferSize = 0, Options = FileOptions.SequentialScan | FileOptions.Asynchronous };
        await using var file = new FileStream(path, options);
        long left = file.Length;
        HttpResponse response = httpContext.Response;
        response.ContentType = contentType;
        response.ContentLength = left;
        response.Headers.ContentDisposition = $"attachment; filename=\"{name}\"";
        byte[] buffer = new byte[Piece];
        while (left > 0)
        {
            int read = await file.ReadAsync(buffer.AsMemory(0, (int)Math.Min(left, buffer.Length)), httpContext.RequestAborted).ConfigureAwait(false);
            if (read == 0)
                throw new IOException("The recording has become shorter while it was read.");
            await response.Body.WriteAsync(buffer.AsMemory(0, read), httpContext.RequestAborted).ConfigureAwait(false);
            left -= read;
        }
    }
}

/// <summary>Answers with JSON lines, as they come.</summary>
internal sealed class LinesAnswer<T>(IAsyncEnumerable<T> lines) : IResult
{
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        HttpResponse response = httpContext.Response;
        response.ContentType = "application/jsonl";
        await foreach (T line in lines.WithCancellation(httpContext.RequestAborted).ConfigureAwait(false))
        {
            byte[] json = System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(line, AdminJson.Options);
            await response.Body.WriteAsync(json, httpContext.RequestAborted).ConfigureAwait(false);
            await response.Body.WriteAsync("\n"u8.ToArray(), httpContext.RequestAborted).ConfigureAwait(false);
        }
    }
}
