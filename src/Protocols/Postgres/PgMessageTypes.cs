namespace Sallyport.Protocols.Postgres;

/// <summary>Types of messages from a client (PostgreSQL 55.7).</summary>
public static class FrontendMessage
{
    public const byte Bind = (byte)'B';
    public const byte Close = (byte)'C';
    public const byte CopyData = (byte)'d';
    public const byte CopyDone = (byte)'c';
    public const byte CopyFail = (byte)'f';
    public const byte Describe = (byte)'D';
    public const byte Execute = (byte)'E';
    public const byte Flush = (byte)'H';
    public const byte FunctionCall = (byte)'F';
    public const byte Parse = (byte)'P';

    /// <summary>PasswordMessage, SASLInitialResponse, SASLResponse and GSSResponse share it.</summary>
    public const byte PasswordMessage = (byte)'p';
    public const byte Query = (byte)'Q';
    public const byte Sync = (byte)'S';
    public const byte Terminate = (byte)'X';
}

/// <summary>Types of messages from a target (PostgreSQL 55.7).</summary>
public static class BackendMessage
{
    /// <summary>AuthenticationOk and all other authentication requests.</summary>
    public const byte Authentication = (byte)'R';
    public const byte BackendKeyData = (byte)'K';
    public const byte BindComplete = (byte)'2';
    public const byte CloseComplete = (byte)'3';
    public const byte CommandComplete = (byte)'C';
    public const byte CopyBothResponse = (byte)'W';
    public const byte CopyData = (byte)'d';
    public const byte CopyDone = (byte)'c';
    public const byte CopyInResponse = (byte)'G';
    public const byte CopyOutResponse = (byte)'H';
    public const byte DataRow = (byte)'D';
    public const byte EmptyQueryResponse = (byte)'I';
    public const byte ErrorResponse = (byte)'E';
    public const byte FunctionCallResponse = (byte)'V';
    public const byte NegotiateProtocolVersion = (byte)'v';
    public const byte NoData = (byte)'n';
    public const byte NoticeResponse = (byte)'N';
    public const byte NotificationResponse = (byte)'A';
    public const byte ParameterDescription = (byte)'t';
    public const byte ParameterStatus = (byte)'S';
    public const byte ParseComplete = (byte)'1';
    public const byte PortalSuspended = (byte)'s';
    public const byte ReadyForQuery = (byte)'Z';
    public const byte RowDescription = (byte)'T';
}

/// <summary>What an authentication request asks for, or says (PostgreSQL 55.7).</summary>
public static class AuthenticationRequest
{
    public const int Ok = 0;
    public const int CleartextPassword = 3;
    public const int Sasl = 10;
    public const int SaslContinue = 11;
    public const int SaslFinal = 12;
}

/// <summary>Codes of the messages without a type (PostgreSQL 55.7).</summary>
public static class StartupCode
{
    public const int CancelRequest = 80877102;
    public const int SslRequest = 80877103;
    public const int GssEncRequest = 80877104;

    /// <summary>Protocol 3.0.</summary>
    public const int Version30 = 3 << 16;

    /// <summary>Protocol 3.2: cancel keys of up to 256 bytes.</summary>
    public const int Version32 = 3 << 16 | 2;
}

/// <summary>SQLSTATEs that Sallyport itself sends (PostgreSQL, appendix A).</summary>
public static class SqlState
{
    public const string AdminShutdown = "57P01";
    public const string ConfigurationLimitExceeded = "53400";
    public const string ConnectionFailure = "08006";
    public const string FeatureNotSupported = "0A000";
    public const string InsufficientPrivilege = "42501";
    public const string InvalidAuthorization = "28000";
    public const string InvalidPassword = "28P01";
    public const string IoError = "58030";
    public const string ProgramLimitExceeded = "54000";
    public const string ProtocolViolation = "08P01";
    public const string QueryCanceled = "57014";
    public const string SuccessfulCompletion = "00000";
    public const string TooManyConnections = "53300";
    public const string UnableToConnect = "08001";
}
