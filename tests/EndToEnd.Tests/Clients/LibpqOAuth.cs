using System.Diagnostics;
using System.Runtime.InteropServices;
using Sallyport.EndToEnd.Tests.Support;

namespace Sallyport.EndToEnd.Tests.Clients;

/// <summary>What a query by <see cref="LibpqOAuth"/> came to.</summary>
/// <param name="Value">The first value of the first row; null: it failed.</param>
/// <param name="Error">What libpq says went wrong; empty: nothing.</param>
/// <param name="TokensAsked">How often libpq asked for a token.</param>
/// <param name="DiscoveryUrl">The address of the OpenID configuration that libpq asked for a token by; null: it asked for none.</param>
/// <param name="Scope">The scope that it wanted the token for; null: it asked for none.</param>
public sealed record LibpqResult(string? Value, string Error, int TokensAsked, string? DiscoveryUrl, string? Scope);

/// <summary>
/// The real libpq 18, with its OAUTHBEARER, and a token that we hand it where it would otherwise ask a person to log in (PQsetAuthDataHook,
/// PQAUTHDATA_OAUTH_BEARER_TOKEN; PostgreSQL 18, libpq "OAuth Support"). Found by eng/libpq18.
/// </summary>
public static class LibpqOAuth
{
    private const int BearerToken = 1;
    private const int TuplesOk = 2;

    // PGoauthBearerRequest of libpq-fe.h: openid_configuration, scope, async, cleanup, token, user.
    private static readonly int OpenidConfiguration = 0;
    private static readonly int ScopeField = nint.Size;
    private static readonly int CleanupField = 3 * nint.Size;
    private static readonly int TokenField = 4 * nint.Size;

    // Native code keeps them, so they must never be collected.
    private static readonly AuthDataHook OwnHook = Hook;
    private static readonly Cleanup OwnCleanup = Free;
    private static readonly nint FreePointer = Marshal.GetFunctionPointerForDelegate(OwnCleanup);

    private static readonly Lazy<Functions> Loaded = new(() => new Functions(Path.Combine(Folder(), "libpq.so.5")));

    /// <summary>The call that is being served: libpq calls back on the thread that connects.</summary>
    [ThreadStatic]
    private static Call? Serving;

    /// <summary>Connects, runs <paramref name="sql"/>, and hangs up.</summary>
    /// <param name="conninfo">libpq's settings, with <c>oauth_issuer</c> and <c>oauth_client_id</c>.</param>
    /// <param name="token">What to answer when a token is asked for; null: that there is none.</param>
    public static Task<LibpqResult> QueryAsync(string conninfo, string? token, string sql) => Task.Run(() => Query(Loaded.Value, conninfo, token, sql));

    /// <summary>The folder of libpq 18, for programs that load it themselves (LD_LIBRARY_PATH).</summary>
    public static string Folder()
    {
        using Process script = Process.Start(new ProcessStartInfo(Repository.Script("libpq18")) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        Task<string> error = script.StandardError.ReadToEndAsync();
        string output = script.StandardOutput.ReadToEnd();
        script.WaitForExit();
        return script.ExitCode == 0 ? output.Trim() : throw new InvalidOperationException($"eng/libpq18: {error.Result}");
    }

    private static LibpqResult Query(Functions libpq, string conninfo, string? token, string sql)
    {
        var call = new Call(token);
        Serving = call;
        nint connection = 0;
        try
        {
            connection = libpq.ConnectDb(conninfo);
            if (libpq.Status(connection) != 0)
                return call.Result(null, libpq.ErrorMessage(connection));
            nint result = libpq.Exec(connection, sql);
            try
            {
                return libpq.ResultStatus(result) == TuplesOk ? call.Result(libpq.GetValue(result), "") : call.Result(null, libpq.ErrorMessage(connection));
            }
            finally
            {
                libpq.Clear(result);
            }
        }
        finally
        {
            libpq.Finish(connection);
            Serving = null;
        }
    }

    /// <summary>PGauthDataHook: 1 taken care of, 0 not ours, -1 it failed.</summary>
    private static int Hook(int type, nint connection, nint request)
    {
        if (type != BearerToken || Serving is not { } call)
            return 0;
        call.TokensAsked++;
        call.DiscoveryUrl = Marshal.PtrToStringUTF8(Marshal.ReadIntPtr(request, OpenidConfiguration));
        call.Scope = Marshal.PtrToStringUTF8(Marshal.ReadIntPtr(request, ScopeField));
        if (call.Token is null)
            return -1;
        // libpq copies it, and has us free it.
        Marshal.WriteIntPtr(request, TokenField, Marshal.StringToCoTaskMemUTF8(call.Token));
        Marshal.WriteIntPtr(request, CleanupField, FreePointer);
        return 1;
    }

    private static void Free(nint connection, nint request)
    {
        Marshal.FreeCoTaskMem(Marshal.ReadIntPtr(request, TokenField));
        Marshal.WriteIntPtr(request, TokenField, 0);
    }

    private sealed class Call(string? token)
    {
        public string? Token => token;

        public int TokensAsked { get; set; }

        public string? DiscoveryUrl { get; set; }

        public string? Scope { get; set; }

        public LibpqResult Result(string? value, string error) => new(value, error.Trim(), TokensAsked, DiscoveryUrl, Scope);
    }

    private delegate nint FromText([MarshalAs(UnmanagedType.LPUTF8Str)] string text);

    private delegate nint FromHandleAndText(nint handle, [MarshalAs(UnmanagedType.LPUTF8Str)] string text);

    private delegate int NumberOf(nint handle);

    private delegate nint TextOf(nint handle);

    private delegate nint CellOf(nint handle, int row, int column);

    private delegate void End(nint handle);

    private delegate int AuthDataHook(int type, nint connection, nint request);

    private delegate void SetHook(nint hook);

    private delegate void Cleanup(nint connection, nint request);

    /// <summary>The functions of libpq that are used.</summary>
    private sealed class Functions
    {
        private readonly nint _library;
        private readonly TextOf _errorMessage;
        private readonly CellOf _getValue;

        public Functions(string path)
        {
            _library = NativeLibrary.Load(path);
            ConnectDb = Export<FromText>("PQconnectdb");
            Status = Export<NumberOf>("PQstatus");
            Exec = Export<FromHandleAndText>("PQexec");
            ResultStatus = Export<NumberOf>("PQresultStatus");
            Clear = Export<End>("PQclear");
            Finish = Export<End>("PQfinish");
            _errorMessage = Export<TextOf>("PQerrorMessage");
            _getValue = Export<CellOf>("PQgetvalue");
            Export<SetHook>("PQsetAuthDataHook")(Marshal.GetFunctionPointerForDelegate(OwnHook));
        }

        public FromText ConnectDb { get; }

        public NumberOf Status { get; }

        public FromHandleAndText Exec { get; }

        public NumberOf ResultStatus { get; }

        public End Clear { get; }

        public End Finish { get; }

        public string ErrorMessage(nint connection) => Marshal.PtrToStringUTF8(_errorMessage(connection)) ?? "";

        public string? GetValue(nint result) => Marshal.PtrToStringUTF8(_getValue(result, 0, 0));

        private T Export<T>(string name) => Marshal.GetDelegateForFunctionPointer<T>(NativeLibrary.GetExport(_library, name));
    }
}
